import type { FileKindName } from './file-report.ts';
import type { AskedMoment, IsoMoment } from './moments.ts';

/** Between which moments changed files are looked for, and where. */
export interface ChangedFilesOrder {
  /** MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION or MACHINE/GROUP/VOLUME. */
  readonly where: string;
  /** Only this file, or what lies below this directory; "/" for all. */
  readonly path: string;
  /** Earlier moment. */
  readonly from: AskedMoment;
  /** Later moment. */
  readonly to: AskedMoment;
}

/** What happened to a file. */
export type FileChangeName = 'created' | 'changed' | 'renamed' | 'deleted';

/** A file that differs between two moments. */
export interface FileChangeReport {
  /** What happened to it. */
  readonly change: FileChangeName;
  /** Its path at the later moment, of a deleted file at the earlier one: hostile text. */
  readonly path: string;
  /** Of a renamed file: its path at the earlier moment. */
  readonly previousPath?: string;
  /** Of a renamed file: whether it was changed as well. */
  readonly isChanged?: boolean;
  /** What it is. */
  readonly kind: FileKindName;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** When the content was last changed, as the file system says. */
  readonly modified: IsoMoment;
}

/** What a comparison of two moments says at its end. */
export interface ChangedFilesReport {
  /** What was looked at. */
  readonly where: string;
  /** The path that was asked for. */
  readonly path: string;
  /** The commit whose state the earlier moment shows. */
  readonly fromPoint: IsoMoment;
  /** The commit whose state the later moment shows. */
  readonly toPoint: IsoMoment;
  /** Changes told. */
  readonly changeCount: number;
  /** What a person should know. */
  readonly notes: readonly string[];
}

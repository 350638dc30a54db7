import type { FileKindName } from './file-report.ts';
import type { AskedMoment, IsoMoment } from './moments.ts';

/** Whose versions are wanted. */
export interface VersionsOrder {
  /** MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION or MACHINE/GROUP/VOLUME. */
  readonly where: string;
  /** The file's path. */
  readonly path: string;
  /** Where the search begins, going back; now when left out. */
  readonly to?: AskedMoment;
}

/** Whether the content differs from that of the version before; "unknown" where comparing would take long. */
export type ContentChange = 'yes' | 'no' | 'unknown' | 'first';

/** One version of a file. */
export interface VersionReport {
  /** 1 for the newest; `files copy --version` takes it. */
  readonly number: number;
  /** The commit it begins with. */
  readonly from: IsoMoment;
  /** The commit that ends it; left out while it lasts. */
  readonly until?: IsoMoment;
  /** What it is. */
  readonly kind: FileKindName;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** When the content was last changed, as the file system says. */
  readonly modified: IsoMoment;
  /** Whether the content differs from that of the version before. */
  readonly contentChange: ContentChange;
}

/** Every version of a file. */
export interface VersionsReport {
  /** What was looked at. */
  readonly where: string;
  /** The path that was asked for. */
  readonly path: string;
  /** Newest first. */
  readonly versions: readonly VersionReport[];
  /** Whether there are more, older ones. */
  readonly isCut: boolean;
  /** How often a file system was opened for it. */
  readonly lookCount: number;
}

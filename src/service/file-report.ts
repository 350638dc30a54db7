import type { AskedMoment, IsoMoment } from './moments.ts';

/** What is looked at, and when. */
export interface FilesOrder {
  /** MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION or MACHINE/GROUP/VOLUME. */
  readonly where: string;
  /** The moment. */
  readonly at: AskedMoment;
}

/** One file that is asked for. */
export interface FileOrder extends FilesOrder {
  /** Its path, "/" between components. */
  readonly path: string;
}

/** What an entry is. */
export type FileKindName =
  | 'file'
  | 'directory'
  | 'link'
  | 'block-device'
  | 'character-device'
  | 'pipe'
  | 'socket'
  | 'other';

/** One file, as a long listing shows it. */
export interface FileReport {
  /** Its name: hostile text. Bytes that are no UTF-8 are lone surrogates U+DC80 … U+DCFF. */
  readonly name: string;
  /** What it is. */
  readonly kind: FileKindName;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Space it takes, bytes. */
  readonly allocatedBytes: number;
  /** Names it has. */
  readonly linkCount: number;
  /** Permission bits, 0 … 0o7777. */
  readonly mode?: number;
  /** Number of the owner. */
  readonly uid?: number;
  /** Number of the group. */
  readonly gid?: number;
  /** When the content was last changed. */
  readonly modified: IsoMoment;
  /** When the status was last changed. */
  readonly changed?: IsoMoment;
  /** When it was last read. */
  readonly accessed?: IsoMoment;
  /** When it was made. */
  readonly created?: IsoMoment;
  /** Of a device: its numbers. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** Of a link: where it points, hostile text. */
  readonly target?: string;
  /** "hidden", "system", "compressed", … */
  readonly flags: readonly string[];
}

/** What a listing says at its end. */
export interface ListingReport {
  /** What was looked at. */
  readonly where: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state that moment shows. */
  readonly point: IsoMoment;
  /** The path, without links in it. */
  readonly path: string;
  /** Entries listed. */
  readonly entryCount: number;
  /** What a person should know. */
  readonly notes: readonly string[];
}

import type { FileKindName, FilesOrder } from './file-report.ts';
import type { IsoMoment } from './moments.ts';

/** Which files are copied out. */
export interface CopyOrder extends FilesOrder {
  /** Paths, which may hold "*", "?", "[a-z]" and "**". */
  readonly paths: readonly string[];
  /** Only tell how much it is; no batches. */
  readonly isCountOnly?: boolean;
}

/** Bytes with a name: an extended attribute or alternate data stream. */
export interface NamedBytes {
  /** Its name: hostile text. */
  readonly name: string;
  /** Base64. */
  readonly base64: string;
}

/** One file to be copied, with all but its content. */
export interface CopiedFile {
  /** Its path below the target, at least one component: hostile names. */
  readonly components: readonly string[];
  /** What it is. */
  readonly kind: FileKindName;
  /** Volume it lies on, to ask for its content: see ContentItem. */
  readonly volume: string;
  /** Its identity there. */
  readonly id: string;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Names it has on its volume. */
  readonly linkCount: number;
  /** Permission bits. */
  readonly mode?: number;
  /** Number of the owner. */
  readonly uid?: number;
  /** Number of the group. */
  readonly gid?: number;
  /** When the content was last changed, microseconds since 1970. */
  readonly modifiedMicros: number;
  /** When it was last read, microseconds since 1970. */
  readonly accessedMicros?: number;
  /** Of a device: its numbers. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** Of a link: where it points, hostile text. */
  readonly target?: string;
  /** Extended attributes and ACLs, as Linux holds them. */
  readonly attributes?: readonly NamedBytes[];
  /** Short alternate data streams. */
  readonly streams?: readonly NamedBytes[];
  /** Names of alternate data streams that are too long to come along. */
  readonly longStreams?: readonly string[];
}

/** Something that could not be read. */
export interface CopyTrouble {
  /** Its path below the target. */
  readonly components: readonly string[];
  /** Why not, one sentence. */
  readonly reason: string;
}

/** Some of the files to be copied. */
export interface CopyBatch {
  /** The moment, exact: contents are asked for at this one, even if "now" was asked for. */
  readonly asked: IsoMoment;
  /** Files, each directory before what it holds. */
  readonly files: readonly CopiedFile[];
  /** What cannot be read. */
  readonly troubles: readonly CopyTrouble[];
}

/** The end of the list of files. */
export interface CopyListReport {
  /** What was looked at. */
  readonly where: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state that moment shows. */
  readonly point: IsoMoment;
  /** Files listed. */
  readonly fileCount: number;
  /** Bytes of content in them. */
  readonly contentBytes: number;
}

/** One content that is wanted. */
export interface ContentItem {
  /** From CopiedFile. */
  readonly volume: string;
  /** From CopiedFile. */
  readonly id: string;
}

/** Which contents are wanted. */
export interface ContentOrder extends FilesOrder {
  /** In the order in which they are sent. */
  readonly items: readonly ContentItem[];
}

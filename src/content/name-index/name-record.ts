import type { Micros } from '../../base/clock.ts';
import type { FileKind } from '../../filesystem/file-system.ts';

/** One name of one file, as the index keeps it. */
export interface NameRecord {
  /** The name: hostile text. */
  readonly name: string;
  /** Identity of the file. */
  readonly id: string;
  /** Identity of the directory that holds the name. */
  readonly parent: string;
  readonly kind: FileKind;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly modifiedMicros: Micros;
}

/** A volume whose names are kept. */
export interface IndexedVolume {
  /** The machine. */
  readonly machine: string;
  /** Its volume, as paths address it: "root/1", "vg0/home". */
  readonly volume: string;
}

/** Between which moments a name was there, as far as the index looked. */
interface NameSpan {
  /** First moment at which it was seen. */
  readonly fromMicros: Micros;
  /** First moment at which it was gone; undefined while it is there. */
  readonly untilMicros?: Micros | undefined;
}

/** A name that was found. */
export interface FoundName extends IndexedVolume, NameSpan {
  /** Components of its path in the volume, the name at the end; starts at the first directory whose own name is known. */
  readonly path: readonly string[];
  readonly kind: FileKind;
  /** Length of the content when it was last looked at, bytes. */
  readonly sizeBytes: number;
  readonly modifiedMicros: Micros;
}

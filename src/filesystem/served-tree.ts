import type { Micros } from '../base/clock.ts';
import type { Awaitable, ReadableDisk } from '../disk/disk.ts';
import type { FileAttribute, FileKind } from './file-system.ts';

/** What a file of a served tree is. What the file system does not know is filled in by whoever made the tree. */
export interface ServedStatus {
  readonly kind: FileKind;
  /** Length of the content, bytes; of a link, of its target. */
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly linkCount: number;
  /** Permission bits, 0 … 0o7777. */
  readonly mode: number;
  /** Number of the owner. */
  readonly uid: number;
  /** Number of the group. */
  readonly gid: number;
  readonly modifiedMicros: Micros;
  readonly changedMicros: Micros;
  readonly accessedMicros: Micros;
  /** Of a device: its numbers. */
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
}

/** One name in a directory of a served tree. */
export interface ServedEntry {
  /** The name; holds no "/" and no NUL, and is neither empty, "." nor "..". */
  readonly name: string;
  readonly kind: FileKind;
}

/**
 * A file or directory that is shown to others, over FUSE or WebDAV: a read-only tree whose parts may come from anywhere. What is
 * asked of the wrong kind fails with NOT_A_DIRECTORY or NOT_A_FILE.
 */
export interface ServedFile {
  /** The same for the same file under another name, different for any other: two files never share it. */
  readonly key: string;
  /** Whether it may become another: the list of machines does, a file as it stood does not. */
  readonly isLive: boolean;
  /** Describes it. */
  status(): Awaitable<ServedStatus>;
  /** Finds a name in a directory. */
  find(name: string): Awaitable<ServedFile | undefined>;
  /** Lists a directory in batches. */
  list(): AsyncIterable<readonly ServedEntry[]>;
  /** Opens the content of a file; the caller closes it. */
  open(): Promise<ReadableDisk>;
  /** Target of a symbolic link. */
  readLink(): Awaitable<string>;
  /** Extended attributes. */
  attributes(): Awaitable<readonly FileAttribute[]>;
}

import type { Micros } from '../base/clock.ts';
import type { Awaitable, ReadableDisk } from '../disk/disk.ts';

/** Kinds of file system that can be read. ext2 and ext3 are read by the ext4 reader and named after what they are. */
export type FileSystemKind =
  | 'ext2'
  | 'ext3'
  | 'ext4'
  | 'ntfs'
  | 'xfs'
  | 'btrfs'
  | 'fat12'
  | 'fat16'
  | 'fat32'
  | 'exfat'
  | 'iso9660';

/** What an entry of a directory is. */
export type FileKind =
  | 'file'
  | 'directory'
  | 'link'
  | 'block-device'
  | 'character-device'
  | 'pipe'
  | 'socket'
  /** A reparse point that is no link, a whiteout: something this system cannot make. */
  | 'other';

/**
 * Names one file of one file system: an inode number or file reference as decimal text, with a prefix where one number is not enough
 * (btrfs: "subvolume/inode"). The same file has the same identity at every moment; a number that was given to a new file
 * differs in `generation`.
 */
export type FileId = string;

/** One name in a directory. */
export interface DirectoryEntry {
  /** The name, as name-text.ts decodes it; never empty, "." or "..", but otherwise hostile text: it may hold "/" or control characters. */
  readonly name: string;
  /** The file it names. */
  readonly id: FileId;
  /** What the directory says it is; asks the file itself where the directory does not say. */
  readonly kind: FileKind;
}

/** What a file is, without its content. */
export interface FileStatus {
  /** The file. */
  readonly id: FileId;
  readonly kind: FileKind;
  /** Differs between two files that had the same number one after the other; 0 where the file system does not count. */
  readonly generation: number;
  /** Length of the content, bytes; of a link, of its target. */
  readonly sizeBytes: number;
  /** Space it takes on the volume, bytes, without metadata that is not its own. */
  readonly allocatedBytes: number;
  /** Names it has; 0 for one that was deleted. */
  readonly linkCount: number;
  /** Permission bits, 0 … 0o7777; undefined where the file system has none. */
  readonly mode?: number | undefined;
  /** Number of the owner; undefined where the file system has none. */
  readonly uid?: number | undefined;
  /** Number of the group; undefined where the file system has none. */
  readonly gid?: number | undefined;
  /** When the content was last changed. */
  readonly modifiedMicros: Micros;
  /** When the status was last changed, where that is kept. */
  readonly changedMicros?: Micros | undefined;
  /** When it was last read, where that is kept. */
  readonly accessedMicros?: Micros | undefined;
  /** When it was made, where that is kept. */
  readonly createdMicros?: Micros | undefined;
  /** Of a device: its numbers. */
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  /** Of DOS, Windows and inode flags those that matter to a person: "hidden", "system", "read-only", "compressed", "encrypted", "immutable", … */
  readonly flags: readonly string[];
}

/** A span of a volume, bytes. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** An extended attribute, or anything like one: an ACL, a security descriptor. */
export interface FileAttribute {
  /** Name with its namespace, as Linux writes it: "user.note", "system.posix_acl_access", "system.ntfs_acl". */
  readonly name: string;
  /** Value in the form Linux would give out; owned by the caller. */
  readonly value: Uint8Array;
  /** The same in words, where the bytes tell people nothing: a security descriptor as Windows writes it (SDDL). */
  readonly text?: string | undefined;
}

/** One file met on a walk of the whole file system. */
export interface WalkedFile {
  /** The directory that holds this name. */
  readonly parent: FileId;
  /** The name; a file with several names is met once for each. */
  readonly name: string;
  readonly status: FileStatus;
}

/** Something a walk of the structures found wrong. */
export interface Finding {
  /** Whether data is lost or unreadable ("damage"), or only worth knowing ("note"): an unclean journal, a count that is off. */
  readonly severity: 'damage' | 'note';
  /** Structure: "inode 17, extent leaf". */
  readonly structure: string;
  /** Where it lies on the volume, bytes, where that can be said. */
  readonly offsetBytes?: number | undefined;
  /** What is wrong, as a sentence. */
  readonly reason: string;
}

/** Who owns a span of a volume. */
export interface RangeOwner extends ByteRange {
  /** The file whose content, directory or own metadata lies there; undefined for what belongs to the file system itself. */
  readonly id?: FileId | undefined;
  /** In words what it is when no file owns it: "journal", "block bitmap"; or what of the file: "content", "extent tree". */
  readonly use: string;
}

/** About a file system as a whole. */
export interface FileSystemSummary {
  readonly kind: FileSystemKind;
  /** Name that people gave it; empty when none. */
  readonly label: string;
  /** Identity as the system shows it: UUID or serial number; empty when none. */
  readonly uuid: string;
  /** Size the file system claims, bytes; at most that of its volume. */
  readonly sizeBytes: number;
  /** Unit of allocation, bytes. */
  readonly blockBytes: number;
  /** Bytes free, as it says itself; undefined when it does not say. */
  readonly freeBytes?: number | undefined;
  /** What a reader should know: "its journal was replayed in memory: 12 blocks", "was not cleanly unmounted". */
  readonly notes: readonly string[];
  /** Whether its system had it in use and left no journal that is replayed here, so that structures may contradict each other without damage. Left out: no, or not told. */
  readonly isUnclean?: boolean;
}

/**
 * A file system, read. One implementation for each kind, all held by the same conformance suite. Safe to use concurrently. Never
 * writes. Everything on the disk is hostile: whatever it says costs bounded memory and time, and ends in an answer or in
 * FILE_SYSTEM_DAMAGED that names structure and offset.
 */
export interface FileSystem {
  /** About it as a whole. */
  readonly summary: FileSystemSummary;
  /** The root directory. */
  readonly root: FileId;
  /**
   * Describes a file.
   * @throws NO_SUCH_FILE when no file has this identity, FILE_SYSTEM_DAMAGED
   */
  status(id: FileId): Awaitable<FileStatus>;
  /**
   * Lists a directory in batches of at most a few thousand entries, in the order in which they lie.
   * @throws NOT_A_DIRECTORY, NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  list(directory: FileId): AsyncIterable<readonly DirectoryEntry[]>;
  /**
   * Finds one name, by the directory's index where there is one. Compares as the file system itself does (NTFS, FAT and
   * case-folding directories ignore case).
   * @returns undefined when there is none
   * @throws NOT_A_DIRECTORY, NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  find(directory: FileId, name: string): Awaitable<DirectoryEntry | undefined>;
  /**
   * Opens content: a file's, or of one of its named streams. Holes are told apart by `extents`; sparse and compressed content reads as
   * the system itself would show it.
   * @param id - the file
   * @param stream - name of an alternate data stream; the content itself when left out
   * @throws NO_SUCH_FILE, NOT_A_FILE, CANNOT_LOOK_INSIDE (encrypted), FILE_SYSTEM_DAMAGED
   */
  open(id: FileId, stream?: string): Promise<ReadableDisk>;
  /**
   * Target of a symbolic link as it is written there: hostile text.
   * @throws NO_SUCH_FILE, NOT_A_FILE when it is no link, FILE_SYSTEM_DAMAGED
   */
  readLink(id: FileId): Awaitable<string>;
  /**
   * Extended attributes, ACLs and security descriptors.
   * @throws NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  attributes(id: FileId): Awaitable<readonly FileAttribute[]>;
  /**
   * Names and sizes of alternate data streams; empty where the kind has none.
   * @throws NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  streams(id: FileId): Awaitable<readonly { readonly name: string; readonly sizeBytes: number }[]>;
  /**
   * Every file with every name, in the order that is cheapest to read, in batches. Damage does not end it: it is told to
   * `onFinding`, and the walk goes on with the next structure.
   * @param onFinding - hears what could not be read
   */
  walk(onFinding?: (finding: Finding) => void): AsyncIterable<readonly WalkedFile[]>;
  /**
   * Where a file's content and own metadata (inode or file record, extent blocks, directory blocks) lie on the volume: whoever watches
   * these ranges sees every change of the file.
   * @throws NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  ranges(id: FileId): Awaitable<readonly ByteRange[]>;
  /**
   * Files whose own record (inode, file record) lies in some spans of the volume, and those whose record was moved by a journal that was replayed
   * in memory. When the spans are those that differ between two moments, every file whose status changed is among them, and so is every directory in
   * which a name came or went. A record that is not in use is told too, since a file that is gone had it. Left out
   * where the kind keeps no such records in known places.
   * @param ranges - spans of the volume, ascending
   * @returns undefined when that cannot be told of this volume
   */
  recordsIn?(ranges: readonly ByteRange[]): AsyncIterable<readonly FileId[]> | undefined;
  /** Spans of the volume that are in use, in ascending order, merged. What is not in them may be dropped. In doubt a span is in use. */
  allocated(): AsyncIterable<readonly ByteRange[]>;
  /**
   * Who owns what of the volume, in any order; spans that nobody claims are free or unclear.
   * @param onFinding - hears what could not be read, so that its spans are missing; only of kinds that have `ownersDoubt`
   */
  owners(onFinding?: (finding: Finding) => void): AsyncIterable<readonly RangeOwner[]>;
  /**
   * Why what `owners` and `allocated` tell may not be what the volume's own system will find, as the end of a sentence: "its log was not
   * replayed". Whoever drops blocks by their owner asks first. Left out where the kind gives no such promise.
   * @returns undefined when both can be relied on, but for what `onFinding` hears
   */
  ownersDoubt?(): string | undefined;
  /** Walks every structure and tells what is wrong. Never throws for damage. */
  check(): AsyncIterable<Finding>;
  /** Releases caches; the disk below stays its owner's to close. */
  close(): Promise<void>;
}

/** How a kind of file system is recognised and opened. */
export interface FileSystemReader {
  /** Kinds it reads. */
  readonly kinds: readonly FileSystemKind[];
  /**
   * Looks at the first bytes only.
   * @param head - the first 128 KiB of the volume, fewer if it is smaller; borrowed
   * @returns whether the volume says it is of this kind
   */
  recognises(head: Uint8Array): boolean;
  /**
   * Looks at the last bytes, of a volume that nobody recognises by its first: NTFS keeps a copy of its boot sector there. Left out where
   * the end tells nothing.
   * @param tail - the last 4 KiB of the volume, fewer if it is smaller; borrowed
   * @returns whether the volume was of this kind before its beginning was damaged
   */
  recognisesEnd?(tail: Uint8Array): boolean;
  /**
   * Opens a volume.
   * @param volume - stays the caller's to close, after the file system
   * @throws FILE_SYSTEM_DAMAGED, CANNOT_LOOK_INSIDE for features that are not understood
   */
  open(volume: ReadableDisk): Promise<FileSystem>;
}

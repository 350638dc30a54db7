import type { Awaitable, ReadableDisk } from '../disk/disk.ts';
import type {
  ByteRange,
  FileId,
  FileKind,
  FileStatus,
  FileSystemSummary,
  Finding,
  RangeOwner,
} from './file-system.ts';

/** A file as the entry in its directory describes it. */
export interface EntryNode {
  /** Tells where the entry lies, so that the file can be found again by it alone. */
  readonly id: FileId;
  /** What it is. */
  readonly kind: FileKind;
  /** Of a directory: where its content begins. Two that begin at the same place are one met twice. */
  readonly contentKey: number;
}

/** A node with the name its directory gives it. */
export interface NamedNode<Node extends EntryNode> {
  /** Name as it is shown. */
  readonly name: string;
  /** A second name under which it can be found: the short one of FAT. */
  readonly otherName?: string | undefined;
  readonly node: Node;
}

/** Hears what is wrong with a structure that is passed over. */
export type OnFinding = (finding: Finding) => void;

/**
 * A file system whose directories hold all that is known of a file, so that there is no table of files: FAT, exFAT, ISO 9660. What they share
 * is in EntryFileSystem; this is what differs.
 */
export interface EntryVolume<Node extends EntryNode> {
  readonly summary: FileSystemSummary;
  /** The root directory. */
  readonly rootNode: Node;
  /**
   * Decodes the entry that an identity points to.
   * @returns undefined when no file can be there
   * @throws FILE_SYSTEM_DAMAGED
   */
  nodeOf(id: FileId): Awaitable<Node | undefined>;
  /**
   * The entries of a directory without "." and "..", in the order in which they lie.
   * @throws FILE_SYSTEM_DAMAGED when the directory cannot be read further
   */
  children(directory: Node, onFinding: OnFinding): AsyncIterable<readonly NamedNode<Node>[]>;
  /** A name in the form in which two that mean the same are equal. */
  folded(name: string): string;
  /** @throws FILE_SYSTEM_DAMAGED */
  status(node: Node): Awaitable<FileStatus>;
  /** @throws FILE_SYSTEM_DAMAGED, CANNOT_LOOK_INSIDE */
  open(node: Node): Awaitable<ReadableDisk>;
  /** Target of a link; undefined for anything else. */
  linkTarget(node: Node): string | undefined;
  /**
   * Where its entry and its content lie.
   * @throws FILE_SYSTEM_DAMAGED
   */
  ranges(node: Node): Promise<readonly ByteRange[]>;
  /** What belongs to no file. */
  systemRanges(): Awaitable<readonly RangeOwner[]>;
  /** Spans in use, ascending and merged. */
  allocated(): AsyncIterable<readonly ByteRange[]>;
  /** What is wrong beyond what a walk meets. */
  inspect(): AsyncIterable<Finding>;
}

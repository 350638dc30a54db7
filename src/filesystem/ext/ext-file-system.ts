import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type {
  ByteRange,
  DirectoryEntry,
  FileAttribute,
  FileId,
  FileStatus,
  FileSystem,
  FileSystemSummary,
  Finding,
  RangeOwner,
  WalkedFile,
} from '../file-system.ts';
import { HeldContent } from '../held-content.ts';
import { MappedContent } from '../mapped-content.ts';
import { cannotLookInside, noSuchFile, notADirectory, notAFile } from '../refusals.ts';
import { allocatedRanges } from './allocated-blocks.ts';
import { checkVolume } from './check.ts';
import { ExtDirectory } from './directory.ts';
import { directoryEntry } from './directory-entry.ts';
import type { ExtVolume } from './ext-volume.ts';
import { fileAttributes } from './file-attributes.ts';
import { fileRanges } from './file-blocks.ts';
import { kindOfInode, statusOf } from './file-status.ts';
import { findEntry } from './find-entry.ts';
import { hasInlineData, inlineContent } from './inline-data.ts';
import { type ExtInode, inodeFlags } from './inode.ts';
import { inodesInRanges } from './inodes-in-ranges.ts';
import { batchMax } from './limits.ts';
import { linkTarget } from './link-target.ts';
import { contentMapOf } from './open-block-map.ts';
import { rangeOwners } from './range-owners.ts';
import { ExtWalk } from './walk.ts';

const rootInode = '2';

/** What became known when a file system was opened. */
export interface Opening {
  readonly summary: FileSystemSummary;
  /** Looks at the journal it was opened by. */
  readonly check: () => AsyncIterable<Finding> | Iterable<Finding>;
  /** Whether changes are known to be missing, so that all of the volume must be taken for allocated. */
  readonly isPartial: boolean;
  /** See FileSystem.ownersDoubt. */
  readonly doubt: string | undefined;
  /** Spans of the volume that read as the journal has them. */
  readonly replayed: readonly ByteRange[];
}

/** An ext2, ext3 or ext4 file system. */
export class ExtFileSystem implements FileSystem {
  readonly summary: FileSystemSummary;
  readonly root: FileId = rootInode;
  readonly #volume: ExtVolume;
  readonly #opening: Opening;

  /**
   * @param volume - what is read
   * @param opening - what became known when it was opened
   */
  constructor(volume: ExtVolume, opening: Opening) {
    this.#volume = volume;
    this.#opening = opening;
    this.summary = opening.summary;
  }

  /** @inheritdoc */
  status(id: FileId): Awaitable<FileStatus> {
    return andThen(this.#volume.file(id), (inode) => statusOf(this.#volume.superblock, inode));
  }

  /** @inheritdoc */
  async *list(directory: FileId): AsyncGenerator<readonly DirectoryEntry[]> {
    const opened = await this.#directory(directory);
    let batch: DirectoryEntry[] = [];
    for await (const entries of opened.entries()) {
      for (const entry of entries) {
        const shown = directoryEntry(this.#volume, entry);
        batch.push(shown instanceof Promise ? await shown : shown);
      }
      if (batch.length < batchMax) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** @inheritdoc */
  async find(directory: FileId, name: string): Promise<DirectoryEntry | undefined> {
    const entry = await findEntry(await this.#directory(directory), name);
    return entry && directoryEntry(this.#volume, entry);
  }

  /** @inheritdoc */
  async open(id: FileId, stream?: string): Promise<ReadableDisk> {
    const inode = await this.#volume.file(id);
    if (stream !== undefined) throw noSuchFile(this.#asked(`file ${id}:${stream}`));
    if (kindOfInode(inode) !== 'file') throw notAFile(this.#asked(`file ${id}`));
    assertReadable(inode);
    if (hasInlineData(inode)) return new HeldContent(inlineContent(this.#volume, inode));
    return new MappedContent(this.#volume.disk, contentMapOf(this.#volume, inode));
  }

  /** @inheritdoc */
  async readLink(id: FileId): Promise<string> {
    const inode = await this.#volume.file(id);
    if (kindOfInode(inode) !== 'link') throw notAFile(this.#asked(`file ${id}`));
    assertReadable(inode);
    return linkTarget(this.#volume, inode);
  }

  /** @inheritdoc */
  async attributes(id: FileId): Promise<readonly FileAttribute[]> {
    return fileAttributes(this.#volume, await this.#volume.file(id));
  }

  /** @inheritdoc */
  streams(id: FileId): Awaitable<readonly { readonly name: string; readonly sizeBytes: number }[]> {
    return andThen(this.#volume.file(id), () => []);
  }

  /** @inheritdoc */
  walk(
    onFinding: (finding: Finding) => void = () => undefined,
  ): AsyncIterable<readonly WalkedFile[]> {
    return new ExtWalk(this.#volume, onFinding).files();
  }

  /** @inheritdoc */
  async ranges(id: FileId): Promise<readonly ByteRange[]> {
    return fileRanges(this.#volume, await this.#volume.file(id));
  }

  /** @inheritdoc */
  recordsIn(ranges: readonly ByteRange[]): AsyncIterable<readonly FileId[]> | undefined {
    const { isPartial, replayed } = this.#opening;
    if (isPartial) return undefined;
    return inodesInRanges(this.#volume, [...ranges, ...replayed]);
  }

  /** @inheritdoc */
  async *allocated(): AsyncGenerator<readonly ByteRange[]> {
    if (!this.#opening.isPartial) yield* allocatedRanges(this.#volume);
    else yield [{ offsetBytes: 0, lengthBytes: this.#volume.disk.sizeBytes }];
  }

  /** @inheritdoc */
  owners(
    onFinding: (finding: Finding) => void = () => undefined,
  ): AsyncIterable<readonly RangeOwner[]> {
    return rangeOwners(this.#volume, onFinding);
  }

  /** @inheritdoc */
  ownersDoubt(): string | undefined {
    return this.#opening.doubt;
  }

  /** @inheritdoc */
  async *check(): AsyncGenerator<Finding> {
    for (const reason of this.summary.notes) {
      yield { severity: 'note', structure: 'file system', reason };
    }
    yield* this.#opening.check();
    yield* checkVolume(this.#volume);
  }

  /** Does nothing: the caches go with the object. */
  async close(): Promise<void> {}

  async #directory(id: FileId): Promise<ExtDirectory> {
    const inode = await this.#volume.file(id);
    if (kindOfInode(inode) !== 'directory') throw notADirectory(this.#asked(`file ${id}`));
    return new ExtDirectory(this.#volume, inode);
  }

  #asked(path: string): { path: string; where: string } {
    return { path, where: this.summary.kind };
  }
}

/**
 * The names of what is encrypted can be seen, as they are stored, and nothing else of it.
 * @throws CANNOT_LOOK_INSIDE
 */
function assertReadable(inode: ExtInode): void {
  if ((inode.flags & inodeFlags.isEncrypted) === 0) return;
  throw cannotLookInside(`file ${inode.number}`, 'it is encrypted');
}

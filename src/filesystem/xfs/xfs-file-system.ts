import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { findingOf } from '../damage.ts';
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
import { MappedContent } from '../mapped-content.ts';
import { decodeName, encodeName } from '../name-text.ts';
import { cannotLookInside, noSuchFile, notADirectory, notAFile } from '../refusals.ts';
import { readAttributes } from './attributes.ts';
import { checkVolume } from './check.ts';
import { XfsContentMap } from './content.ts';
import { XfsDirectory } from './directory.ts';
import type { XfsEntry } from './directory-entries.ts';
import { findEntry } from './directory-find.ts';
import { usedRanges, wholeVolume } from './free-space.ts';
import type { XfsInode } from './inode.ts';
import { isInodeInUse } from './inode-lookup.ts';
import { readInode } from './inodes.ts';
import { readLinkTarget } from './link-target.ts';
import type { LogState } from './log-state.ts';
import { allOwners, inodeOwners } from './ownership.ts';
import { kindOf, kindOfEntry, realtimeFlag, statusOf } from './status.ts';
import type { XfsVolume } from './volume.ts';
import { walkFiles } from './walk.ts';

const where = 'xfs';

/** An XFS file system, read. */
export class XfsFileSystem implements FileSystem {
  /** @inheritdoc */
  readonly summary: FileSystemSummary;
  /** @inheritdoc */
  readonly root: FileId;
  readonly #volume: XfsVolume;
  readonly #log: LogState;

  /**
   * @param volume - the volume
   * @param summary - about it
   * @param log - how it was left
   */
  constructor(volume: XfsVolume, summary: FileSystemSummary, log: LogState) {
    this.#volume = volume;
    this.#log = log;
    this.summary = summary;
    this.root = String(volume.superblock.rootInode);
  }

  /** @inheritdoc */
  async status(id: FileId): Promise<FileStatus> {
    return statusOf(this.#volume, await this.#inode(id));
  }

  /** @inheritdoc */
  async *list(directory: FileId): AsyncGenerator<readonly DirectoryEntry[]> {
    for await (const entries of (await this.#directory(directory)).entries()) {
      const batch: DirectoryEntry[] = [];
      for (const entry of entries) batch.push(await this.#entry(entry));
      if (batch.length > 0) yield batch;
    }
  }

  /** @inheritdoc */
  async find(directory: FileId, name: string): Promise<DirectoryEntry | undefined> {
    const opened = await this.#directory(directory);
    if (name === '.' || name === '..') return undefined;
    const entry = await findEntry(opened, encodeName(name));
    return entry === undefined ? undefined : this.#entry(entry);
  }

  /** @inheritdoc */
  async open(id: FileId, stream?: string): Promise<ReadableDisk> {
    const inode = await this.#inode(id);
    if (kindOf(inode) !== 'file') throw notAFile(asked(id));
    if (stream !== undefined) throw noSuchFile({ path: `file ${id}, stream ${stream}`, where });
    if ((inode.flags & realtimeFlag) !== 0)
      throw cannotLookInside(`file ${id}`, 'its content lies on a realtime device');
    return new MappedContent(
      this.#volume.disk,
      new XfsContentMap(this.#volume, inode.data, inode.sizeBytes),
    );
  }

  /** @inheritdoc */
  async readLink(id: FileId): Promise<string> {
    const inode = await this.#inode(id);
    if (kindOf(inode) !== 'link') throw notAFile(asked(id));
    return decodeName(await readLinkTarget(this.#volume, inode));
  }

  /** @inheritdoc */
  async attributes(id: FileId): Promise<readonly FileAttribute[]> {
    return readAttributes(this.#volume, await this.#inode(id));
  }

  /** None: XFS has no streams beside the content. */
  async streams(id: FileId): Promise<readonly never[]> {
    await this.#inode(id);
    return [];
  }

  /** @inheritdoc */
  walk(onFinding: (finding: Finding) => void = ignore): AsyncIterable<readonly WalkedFile[]> {
    return walkFiles(this.#volume, onFinding);
  }

  /** @inheritdoc */
  async ranges(id: FileId): Promise<readonly ByteRange[]> {
    const ranges: ByteRange[] = [];
    for await (const owner of inodeOwners(this.#volume, await this.#inode(id)))
      ranges.push({ offsetBytes: owner.offsetBytes, lengthBytes: owner.lengthBytes });
    return ranges;
  }

  /** Everything, while a log may still change what is free. */
  allocated(): AsyncIterable<readonly ByteRange[]> {
    return this.#log === 'clean' ? usedRanges(this.#volume) : wholeVolume(this.#volume);
  }

  /** @inheritdoc */
  owners(onFinding: (finding: Finding) => void = ignore): AsyncIterable<readonly RangeOwner[]> {
    return allOwners(this.#volume, onFinding);
  }

  /** Whatever is to be noted: a log that was not replayed, a superblock from its copy, a realtime device. */
  ownersDoubt(): string | undefined {
    return this.summary.notes[0];
  }

  /** @inheritdoc */
  check(): AsyncIterable<Finding> {
    return checkVolume(this.#volume);
  }

  /** Does nothing: the cache goes with the object. */
  async close(): Promise<void> {}

  async #directory(id: FileId): Promise<XfsDirectory> {
    const inode = await this.#inode(id);
    if (kindOf(inode) !== 'directory') throw notADirectory(asked(id));
    return new XfsDirectory(this.#volume, inode);
  }

  /** An inode that somebody asks for: a number out of the air is no damage. */
  async #inode(id: FileId): Promise<XfsInode> {
    const number = /^[1-9][0-9]{0,15}$/.test(id) ? Number(id) : 0;
    if (this.#volume.inodeOffset(number) === undefined) throw noSuchFile(asked(id));
    try {
      const inode = await readInode(this.#volume, number);
      if (inode.mode !== 0) return inode;
    } catch (error) {
      findingOf(error, `inode ${id}`);
      if (await isInodeInUse(this.#volume, number)) throw error;
    }
    throw noSuchFile(asked(id));
  }

  #entry({ name, inode, type }: XfsEntry): Awaitable<DirectoryEntry> {
    const entry = { name: decodeName(name), id: String(inode) };
    const kind = kindOfEntry(type);
    if (kind !== undefined) return { ...entry, kind };
    return this.#kindOf(inode).then((found) => ({ ...entry, kind: found }));
  }

  async #kindOf(number: number) {
    return kindOf(await readInode(this.#volume, number));
  }
}

function asked(id: FileId): { path: string; where: string } {
  return { path: `file ${id}`, where };
}

function ignore(): void {}

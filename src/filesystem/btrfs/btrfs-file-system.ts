import type { ReadableDisk } from '../../disk/disk.ts';
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
import { decodeName, encodeName } from '../name-text.ts';
import { noSuchFile, notADirectory, notAFile } from '../refusals.ts';
import { readAttributes } from './attributes.ts';
import { checkVolume } from './check.ts';
import { BtrfsContent } from './content.ts';
import { ContentChecksums } from './content-checksums.ts';
import { type BtrfsDirectory, findName, listDirectory } from './directory.ts';
import { emptyDirectoryInode, idOf, placeOf } from './file-id.ts';
import { type BtrfsFile, findFile, statusOf } from './files.ts';
import type { Forest } from './forest.ts';
import { objects } from './key.ts';
import { readLinkTarget } from './link-target.ts';
import { allOwners, rangesOf } from './ownership.ts';
import { SectorReader } from './sector-reader.ts';
import { usedRanges } from './used-space.ts';
import { walkFiles } from './walk.ts';

const where = 'btrfs';

/** A btrfs file system, read. Its root is that of the top level, whatever subvolume a mount would show. */
export class BtrfsFileSystem implements FileSystem {
  /** @inheritdoc */
  readonly summary: FileSystemSummary;
  /** @inheritdoc */
  readonly root: FileId = idOf({ subvolume: objects.topLevel, inode: objects.firstInode });
  readonly #forest: Forest;
  readonly #sectors: SectorReader;

  /**
   * @param forest - all trees
   * @param summary - about it
   */
  constructor(forest: Forest, summary: FileSystemSummary) {
    this.#forest = forest;
    this.#sectors = new SectorReader(forest.volume, new ContentChecksums(forest));
    this.summary = summary;
  }

  /** @inheritdoc */
  async status(id: FileId): Promise<FileStatus> {
    return statusOf(await this.#file(id));
  }

  /** @inheritdoc */
  async *list(directory: FileId): AsyncGenerator<readonly DirectoryEntry[]> {
    yield* listDirectory(await this.#directory(directory));
  }

  /** @inheritdoc */
  async find(directory: FileId, name: string): Promise<DirectoryEntry | undefined> {
    return findName(await this.#directory(directory), encodeName(name));
  }

  /** @inheritdoc */
  async open(id: FileId, stream?: string): Promise<ReadableDisk> {
    const file = await this.#file(id);
    if (file.inode.status.kind !== 'file') throw notAFile(asked(id));
    if (stream !== undefined) throw noSuchFile({ path: `file ${id}, stream ${stream}`, where });
    return new BtrfsContent(file, this.#sectors);
  }

  /** @inheritdoc */
  async readLink(id: FileId): Promise<string> {
    const file = await this.#file(id);
    if (file.inode.status.kind !== 'link') throw notAFile(asked(id));
    return decodeName(await readLinkTarget(file));
  }

  /** @inheritdoc */
  async attributes(id: FileId): Promise<readonly FileAttribute[]> {
    const file = await this.#file(id);
    return file.place.inode === emptyDirectoryInode ? [] : readAttributes(file);
  }

  /** None: btrfs has no streams beside the content. */
  async streams(id: FileId): Promise<readonly never[]> {
    await this.#file(id);
    return [];
  }

  /** @inheritdoc */
  walk(onFinding: (finding: Finding) => void = ignore): AsyncIterable<readonly WalkedFile[]> {
    return walkFiles(this.#forest, onFinding);
  }

  /** @inheritdoc */
  async ranges(id: FileId): Promise<readonly ByteRange[]> {
    return rangesOf(await this.#file(id));
  }

  /** @inheritdoc */
  allocated(): AsyncIterable<readonly ByteRange[]> {
    return usedRanges(this.#forest);
  }

  /** @inheritdoc */
  owners(): AsyncIterable<readonly RangeOwner[]> {
    return allOwners(this.#forest);
  }

  /** @inheritdoc */
  check(): AsyncIterable<Finding> {
    return checkVolume(this.#forest);
  }

  /** Does nothing: the cache goes with the object. */
  async close(): Promise<void> {}

  async #directory(id: FileId): Promise<BtrfsDirectory> {
    const { place, tree, inode } = await this.#file(id);
    if (inode.status.kind !== 'directory') throw notADirectory(asked(id));
    return { forest: this.#forest, tree, place };
  }

  async #file(id: FileId): Promise<BtrfsFile> {
    const place = placeOf(id);
    const file = place === undefined ? undefined : await findFile(this.#forest, place);
    if (file === undefined) throw noSuchFile(asked(id));
    return file;
  }
}

function asked(id: FileId): { path: string; where: string } {
  return { path: `file ${id}`, where };
}

function ignore(): void {}

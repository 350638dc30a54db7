import { isSecondwindError } from '../../base/errors.ts';
import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
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
import { notAFile } from '../refusals.ts';
import { checkVolume } from './check.ts';
import { namedStreams, openContent } from './content.ts';
import { Directories } from './directory.ts';
import { fileAttributes } from './file-attributes.ts';
import { describeFile, informationOf, linkTarget, specialityOf } from './file-status.ts';
import type { FileTable } from './file-table.ts';
import { loadFile, type NtfsFile } from './ntfs-file.ts';
import { fileRanges, rangeOwners } from './owners.ts';
import { recordsIn } from './records-in.ts';
import { SecurityStore } from './security-store.ts';
import { systemDirectories, systemRecord } from './system-files.ts';
import { UpperCase } from './upper-case.ts';
import type { NtfsVolume } from './volume.ts';
import { allocatedRanges } from './volume-bitmap.ts';
import { walkFiles } from './walk.ts';

/** An NTFS volume, read. */
export class NtfsFileSystem implements FileSystem {
  /** About it as a whole. */
  readonly summary: FileSystemSummary;
  /** The root directory: always the same record. */
  readonly root: FileId = String(systemRecord.root);
  readonly #volume: NtfsVolume;
  readonly #table: FileTable;
  readonly #directories: Directories;
  #upperCase: Promise<UpperCase> | undefined;
  #securityStore: Promise<SecurityStore> | undefined;

  /**
   * @param volume - its disk stays its owner's to close
   * @param table - the records
   * @param summary - about it as a whole
   */
  constructor(volume: NtfsVolume, table: FileTable, summary: FileSystemSummary) {
    this.#volume = volume;
    this.#table = table;
    this.summary = summary;
    this.#directories = new Directories(volume, table, () => this.#readUpperCase());
  }

  /** @inheritdoc */
  status(id: FileId): Awaitable<FileStatus> {
    return andThen(this.#load(id), (file) => describeFile(this.#volume, file));
  }

  /** @inheritdoc */
  list(directory: FileId): AsyncIterable<readonly DirectoryEntry[]> {
    return this.#directories.list(numberOf(directory));
  }

  /** @inheritdoc */
  find(directory: FileId, name: string): Promise<DirectoryEntry | undefined> {
    return this.#directories.find(numberOf(directory), name);
  }

  /** @inheritdoc */
  async open(id: FileId, stream = ''): Promise<ReadableDisk> {
    const file = await this.#load(id);
    return openContent(this.#volume, file, stream);
  }

  /** @inheritdoc */
  async readLink(id: FileId): Promise<string> {
    const file = await this.#load(id);
    const special = await specialityOf(this.#volume, file, informationOf(file));
    const target = linkTarget(special);
    if (target === undefined) throw notAFile({ path: `file ${id}`, where: 'ntfs' });
    return target;
  }

  /** @inheritdoc */
  attributes(id: FileId): Awaitable<readonly FileAttribute[]> {
    return andThen(this.#load(id), (file) =>
      fileAttributes(
        { volume: this.#volume, securityStore: () => this.#openSecurityStore() },
        file,
      ),
    );
  }

  /** @inheritdoc */
  streams(id: FileId): Awaitable<readonly { readonly name: string; readonly sizeBytes: number }[]> {
    return andThen(this.#load(id), (file) => namedStreams(this.#volume, file));
  }

  /** @inheritdoc */
  async *walk(
    onFinding: (finding: Finding) => void = () => undefined,
  ): AsyncGenerator<readonly WalkedFile[]> {
    const hidden = await this.#hiddenDirectories(onFinding);
    yield* walkFiles(this.#volume, this.#table, { hidden, onFinding });
  }

  /** @inheritdoc */
  ranges(id: FileId): Awaitable<readonly ByteRange[]> {
    return andThen(this.#load(id), (file) => fileRanges(this.#volume, file));
  }

  /** @inheritdoc */
  recordsIn(ranges: readonly ByteRange[]): AsyncIterable<readonly FileId[]> {
    return recordsIn(this.#volume, this.#table, ranges);
  }

  /** @inheritdoc */
  allocated(): AsyncIterable<readonly ByteRange[]> {
    return allocatedRanges(this.#volume, this.#table);
  }

  /** @inheritdoc */
  owners(
    onFinding: (finding: Finding) => void = () => undefined,
  ): AsyncIterable<readonly RangeOwner[]> {
    return rangeOwners(this.#volume, this.#table, onFinding);
  }

  /** Whatever is to be noted beside the version: an open journal, a mark to be checked, a boot sector from its copy. */
  ownersDoubt(): string | undefined {
    return this.summary.notes.find((note) => !/^NTFS \d+\.\d+$/.test(note));
  }

  /** @inheritdoc */
  check(): AsyncIterable<Finding> {
    return checkVolume(this.#volume, this.#table, () => this.#readUpperCase());
  }

  /** Forgets what was read only once. */
  async close(): Promise<void> {
    this.#upperCase = undefined;
    this.#securityStore = undefined;
  }

  async #hiddenDirectories(onFinding: (finding: Finding) => void): Promise<ReadonlySet<number>> {
    try {
      return await systemDirectories((record) => this.#directories.list(record));
    } catch (error) {
      // Without $Extend there is nothing to hide below it.
      if (isSecondwindError(error, 'NO_SUCH_FILE') || isSecondwindError(error, 'NOT_A_DIRECTORY'))
        return new Set();
      onFinding(findingOf(error, '$Extend'));
      return new Set();
    }
  }

  #readUpperCase(): Promise<UpperCase> {
    this.#upperCase ??= UpperCase.read(this.#volume, this.#table).catch((error: unknown) => {
      this.#upperCase = undefined;
      if (isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) return UpperCase.usual();
      throw error;
    });
    return this.#upperCase;
  }

  #openSecurityStore(): Promise<SecurityStore> {
    this.#securityStore ??= SecurityStore.open(this.#volume, this.#table).catch(
      (error: unknown) => {
        this.#securityStore = undefined;
        throw error;
      },
    );
    return this.#securityStore;
  }

  #load(id: FileId): Awaitable<NtfsFile> {
    return loadFile(this.#volume, this.#table, numberOf(id));
  }
}

function numberOf(id: FileId): number {
  return /^\d{1,15}$/.test(id) ? Number(id) : Number.NaN;
}

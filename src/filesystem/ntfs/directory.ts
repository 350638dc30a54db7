import { isSecondwindError } from '../../base/errors.ts';
import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { DirectoryEntry, FileKind } from '../file-system.ts';
import { notADirectory } from '../refusals.ts';
import { FileIndex } from './file-index.ts';
import { decodeFileName, type FileName } from './file-name.ts';
import { informationOf, kindOf, specialityOf } from './file-status.ts';
import type { FileTable } from './file-table.ts';
import type { IndexEntry } from './index-node.ts';
import { loadFile, type NtfsFile, namesOf, shownNames } from './ntfs-file.ts';
import { scanRecords } from './record-scan.ts';
import { fileFlag } from './standard-information.ts';
import { firstUserRecord } from './system-files.ts';
import type { UpperCase } from './upper-case.ts';
import type { NtfsVolume } from './volume.ts';

/** Entries told together. */
const batchEntries = 1024;

/** Name of the index of names. */
export const indexName = '$I30';

/** Directories of one volume. */
export class Directories {
  readonly #volume: NtfsVolume;
  readonly #table: FileTable;
  readonly #upperCase: () => Promise<UpperCase>;

  /**
   * @param volume - where they lie
   * @param table - the records
   * @param upperCase - how names are compared; asked only when a name is looked for
   */
  constructor(volume: NtfsVolume, table: FileTable, upperCase: () => Promise<UpperCase>) {
    this.#volume = volume;
    this.#table = table;
    this.#upperCase = upperCase;
  }

  /**
   * Lists a directory by its index; what damage hides there is found by the names in the file records.
   * @param number - record of the directory
   * @throws NOT_A_DIRECTORY, NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  async *list(number: number): AsyncGenerator<readonly DirectoryEntry[]> {
    const directory = await this.#open(number);
    const damaged = { count: 0 };
    let batch: DirectoryEntry[] = [];
    for await (const entries of this.#nodes(directory, damaged)) {
      for (const entry of entries) {
        const shown = this.#shown(entry);
        const told = shown instanceof Promise ? await shown : shown;
        if (told !== undefined) batch.push(told);
      }
      if (batch.length < batchEntries) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    if (damaged.count > 0) yield* this.#lost(directory);
  }

  /**
   * Finds a name: the very one, or else one that differs only in case.
   * @param number - record of the directory
   * @param name - an 8.3 name is found too
   * @throws NOT_A_DIRECTORY, NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  async find(number: number, name: string): Promise<DirectoryEntry | undefined> {
    const directory = await this.#open(number);
    const upperCase = await this.#upperCase();
    let nearest: IndexEntry | undefined;
    try {
      const found = await new FileIndex(this.#volume, directory, indexName).search((entry) => {
        const own = decodeFileName(entry.key)?.name ?? '';
        if (upperCase.compare(own, name) === 0) nearest = entry;
        return upperCase.collate(own, name);
      });
      nearest = found ?? nearest;
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#findListed(number, name, upperCase);
    }
    return nearest && this.#entryOf(nearest, decodeFileName(nearest.key));
  }

  /**
   * Opens a directory.
   * @param number - its record
   * @throws NOT_A_DIRECTORY, NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  async #open(number: number): Promise<NtfsFile> {
    const file = await loadFile(this.#volume, this.#table, number);
    if ((await this.#kindOf(file)) === 'directory') return file;
    throw notADirectory({ path: `file ${number}`, where: 'ntfs' });
  }

  async #kindOf(file: NtfsFile): Promise<FileKind> {
    const information = informationOf(file);
    const special = await specialityOf(this.#volume, file, information);
    return kindOf(file.records[0].isDirectory, special, information.flags);
  }

  /** Entries of the root and of every block in use: each name once, and no tree that could run in a circle. */
  async *#nodes(
    directory: NtfsFile,
    damaged: { count: number },
  ): AsyncGenerator<readonly IndexEntry[]> {
    try {
      const index = new FileIndex(this.#volume, directory, indexName);
      yield index.rootEntries;
      for await (const place of index.usedBlocks()) {
        const entries = await this.#sound(index, place);
        if (entries === undefined) damaged.count += 1;
        else yield entries;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged.count += 1;
    }
  }

  async #sound(index: FileIndex, place: number): Promise<readonly IndexEntry[] | undefined> {
    try {
      const entries = index.block(place);
      return entries instanceof Promise ? await entries : entries;
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  }

  /** Undefined for what is not listed: 8.3 names, and files of the file system itself. */
  #shown(entry: IndexEntry): Awaitable<DirectoryEntry | undefined> {
    if (entry.isLast || entry.record < firstUserRecord) return undefined;
    const name = decodeFileName(entry.key);
    return name === undefined || name.isShort ? undefined : this.#entryOf(entry, name);
  }

  /** Undefined for an entry whose file is gone: another file must not be shown under its name. */
  #entryOf(
    { record, sequence }: IndexEntry,
    name: FileName | undefined,
  ): Awaitable<DirectoryEntry | undefined> {
    if (name === undefined) return undefined;
    return andThen(this.#table.isGone(record, sequence), (isGone) =>
      isGone ? undefined : this.#named(record, name),
    );
  }

  #named(record: number, { name, flags }: FileName): Awaitable<DirectoryEntry> {
    const id = String(record);
    if ((flags & (fileFlag.reparsePoint | fileFlag.system)) === 0) {
      const isDirectory = (flags & fileFlag.directoryInName) !== 0;
      return { name, id, kind: isDirectory ? 'directory' : 'file' };
    }
    return this.#askedKind(record).then((kind) => ({ name, id, kind }));
  }

  /** A name whose file is lost is still listed: asking for its status then says what is wrong. */
  async #askedKind(record: number): Promise<FileKind> {
    try {
      return await this.#kindOf(await loadFile(this.#volume, this.#table, record));
    } catch (error) {
      if (isDamage(error) || isMissing(error)) return 'other';
      throw error;
    }
  }

  async *#lost(directory: NtfsFile): AsyncGenerator<readonly DirectoryEntry[]> {
    const known = new Set<string>();
    for await (const entries of this.#nodes(directory, { count: 0 })) {
      for (const entry of entries) known.add(`${entry.record}/${decodeFileName(entry.key)?.name}`);
    }
    const own = directory.records[0].number;
    for await (const records of scanRecords(this.#volume, this.#table, () => undefined)) {
      const found: DirectoryEntry[] = [];
      for (const { number, base, attributes } of records) {
        const record = base ?? number;
        if (record < firstUserRecord) continue;
        const names = soundNames({ attributes, place: directory.place });
        for (const name of shownNames(names)) {
          if (name.parent !== own || known.has(`${record}/${name.name}`)) continue;
          found.push({ name: name.name, id: String(record), kind: await this.#askedKind(record) });
        }
      }
      if (found.length > 0) yield found;
    }
  }

  async #findListed(
    number: number,
    name: string,
    upperCase: UpperCase,
  ): Promise<DirectoryEntry | undefined> {
    let nearest: DirectoryEntry | undefined;
    for await (const batch of this.list(number)) {
      const exact = batch.find((entry) => entry.name === name);
      if (exact !== undefined) return exact;
      nearest ??= batch.find((entry) => upperCase.compare(entry.name, name) === 0);
    }
    return nearest;
  }
}

function soundNames(file: Pick<NtfsFile, 'attributes' | 'place'>): readonly FileName[] {
  try {
    return namesOf(file);
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return isSecondwindError(error, 'FILE_SYSTEM_DAMAGED');
}

function isMissing(error: unknown): boolean {
  return isSecondwindError(error, 'NO_SUCH_FILE');
}

import type { Micros } from '../../../base/clock.ts';
import { directoryDepthMax } from '../../../filesystem/limits.ts';
import { isMatch } from '../../glob.ts';
import type { FoundName, IndexedVolume, NameRecord } from '../name-record.ts';
import { folded, NameGrams } from './name-grams.ts';
import { type NameRow, NameTables } from './name-tables.ts';
import { RecordCipher } from './record-cipher.ts';

/** What the index is opened with. */
export interface NameStoreOptions {
  /** Absolute path of its file. */
  readonly file: string;
  /** 96 bytes, used for nothing else. */
  readonly key: Uint8Array;
}

/** A pass over a volume. */
export interface NamePass {
  /** Number of the volume. */
  readonly volume: number;
  /** Moment of what is walked. */
  readonly micros: Micros;
  /** Whether it is the first, so that every name is new. */
  readonly isFirst: boolean;
}

/** What may change of a file while its names stay. */
export type FileChange = Omit<NameRecord, 'name' | 'parent'>;

/** Which names are looked for. */
export interface NameSearch {
  /** Pattern of a name: "*" any characters, "?" one, "[…]" one of these; case does not matter. */
  readonly pattern: string;
  /** Only machines whose name fits this pattern; all when left out. */
  readonly machines?: string | undefined;
  /** Names that were there at some moment from this one … */
  readonly fromMicros: Micros;
  /** … to this one. */
  readonly toMicros: Micros;
}

const keyBytes = 32;

/** Names of all volumes over all time: sealed records, and a full-text index of tokens that tell nothing without the key. */
export class NameStore {
  readonly #tables: NameTables;
  readonly #cipher: RecordCipher;
  readonly #grams: NameGrams;

  /** @param options - see NameStoreOptions */
  constructor({ file, key }: NameStoreOptions) {
    this.#tables = new NameTables(file);
    this.#cipher = new RecordCipher(
      key.subarray(0, keyBytes),
      key.subarray(keyBytes, 2 * keyBytes),
    );
    this.#grams = new NameGrams(key.subarray(2 * keyBytes, 3 * keyBytes));
  }

  /** Every volume, with its number and the moment up to which its names are known. */
  volumes(): ReturnType<NameTables['volumes']> {
    return this.#tables.volumes();
  }

  /**
   * Number of a volume, which is given one when it is new.
   * @param volume - machine and volume
   */
  volumeNumber(volume: IndexedVolume): number {
    return this.#tables.volumeNumber(volume);
  }

  /**
   * Takes in names that a walk over a whole volume met, each name once.
   * @param pass - which walk
   * @param records - what was met
   */
  meet(pass: NamePass, records: readonly NameRecord[]): void {
    this.#tables.together(() => {
      for (const record of records) this.#meetOne(pass, record);
    });
  }

  /**
   * Takes in all names of one directory: what is not among them is gone from it.
   * @param pass - which moment
   * @param parent - identity of the directory
   * @param records - what it holds now
   */
  replace(pass: NamePass, parent: string, records: readonly NameRecord[]): void {
    this.#tables.together(() => {
      const before = new Map(
        this.#tables.below(this.#key(pass, parent)).map((row) => [row.id, row]),
      );
      for (const record of records) before.delete(this.#meetOne(pass, record));
      for (const id of before.keys()) this.#tables.end(id, pass.micros);
    });
  }

  /**
   * Takes in what changed of files whose names stayed.
   * @param pass - which moment
   * @param changes - the files
   */
  change(pass: NamePass, changes: readonly FileChange[]): void {
    this.#tables.together(() => {
      for (const change of changes) {
        for (const row of this.#tables.namesOf(this.#key(pass, change.id))) {
          this.#change(pass, row, this.#cipher.open(row.sealed), change);
        }
      }
    });
  }

  /**
   * Takes in that files are gone, with all their names, and all that lay in them.
   * @param pass - which moment
   * @param ids - identities of the files
   */
  remove(pass: NamePass, ids: readonly string[]): void {
    this.#tables.together(() => {
      const queue = ids.map((id) => this.#key(pass, id));
      for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
        for (const row of this.#tables.namesOf(file)) this.#tables.end(row.id, pass.micros);
        for (const row of this.#tables.below(file)) {
          this.#tables.end(row.id, pass.micros);
          queue.push(row.file);
        }
      }
    });
  }

  /**
   * Ends a pass: the names of the volume are known up to its moment.
   * @param pass - which
   * @param isWhole - whether every name was met, so that all others are gone
   */
  finish(pass: NamePass, isWhole: boolean): void {
    this.#tables.together(() => {
      if (isWhole) this.#tables.endUnmet(pass.volume, pass.micros);
      this.#tables.setReached(pass.volume, pass.micros);
    });
  }

  /**
   * Finds names, one after the other.
   * @param search - see NameSearch
   */
  *find(search: NameSearch): Generator<FoundName> {
    const { machines, fromMicros, toMicros } = search;
    const pattern = folded(search.pattern);
    const known = new Map(this.#tables.volumes().map((volume) => [volume.number, volume]));
    const query = { tokens: this.#grams.ofPattern(pattern), fromMicros, toMicros };
    for (const row of this.#tables.find(query)) {
      const volume = known.get(row.volume);
      if (volume === undefined || (machines !== undefined && !isMatch(volume.machine, machines)))
        continue;
      const record = this.#cipher.open(row.sealed);
      if (!isMatch(folded(record.name), pattern)) continue;
      yield this.#found(volume, row, record);
    }
  }

  /** Closes the file. */
  close(): void {
    this.#tables.close();
  }

  /** @returns id of the row that has the name now, undefined for a new one */
  #meetOne(pass: NamePass, record: NameRecord): number {
    const file = this.#key(pass, record.id);
    const parent = this.#key(pass, record.parent);
    for (const row of pass.isFirst ? [] : this.#tables.namesOf(file)) {
      if (row.parent !== parent) continue;
      const before = this.#cipher.open(row.sealed);
      if (before.name !== record.name) continue;
      this.#change(pass, row, before, record);
      return row.id;
    }
    const tokens = this.#grams.ofName(record.name);
    const sealed = this.#cipher.seal(record);
    this.#tables.add({
      volume: pass.volume,
      file,
      parent,
      pass: pass.micros,
      sealed,
      tokens,
    });
    return -1;
  }

  #change(pass: NamePass, row: NameRow, before: NameRecord, now: FileChange): void {
    if (isSameFile(before, now)) this.#tables.touch(row.id, pass.micros);
    else {
      const { kind, sizeBytes, modifiedMicros } = now;
      const sealed = this.#cipher.seal({ ...before, kind, sizeBytes, modifiedMicros });
      this.#tables.change(row.id, { pass: pass.micros, sealed });
    }
  }

  #found(volume: IndexedVolume, row: NameRow, record: NameRecord): FoundName {
    const { machine } = volume;
    return {
      machine,
      volume: volume.volume,
      path: this.#pathOf(row, record),
      kind: record.kind,
      sizeBytes: record.sizeBytes,
      modifiedMicros: record.modifiedMicros,
      fromMicros: row.fromMicros,
      untilMicros: row.untilMicros,
    };
  }

  /** Goes up until a directory has no name of its own: that is the root. */
  #pathOf(row: NameRow, record: NameRecord): string[] {
    const path = [record.name];
    // Records of a hostile disk may lead in circles.
    const met = new Set<bigint>();
    for (let key = row.parent; !met.has(key) && path.length < directoryDepthMax; ) {
      met.add(key);
      const above = this.#tables.directory(key);
      if (above === undefined) break;
      path.push(this.#cipher.open(above.sealed).name);
      key = above.parent;
    }
    return path.reverse();
  }

  #key({ volume }: NamePass, id: string): bigint {
    return this.#cipher.fileKey(volume, id);
  }
}

function isSameFile(left: FileChange, right: FileChange): boolean {
  return (
    left.kind === right.kind &&
    left.sizeBytes === right.sizeBytes &&
    left.modifiedMicros === right.modifiedMicros
  );
}

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Micros } from '../../../base/clock.ts';
import type { IndexedVolume } from '../name-record.ts';

/** Raised whenever tables change: the index is a cache, and one of another version is made anew. */
const schemaVersion = 1;

const schema = `
  CREATE TABLE volumes (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    volume TEXT NOT NULL,
    reached_micros INTEGER NOT NULL,
    UNIQUE (machine, volume)
  ) STRICT;
  CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    volume INTEGER NOT NULL,
    file INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    pass INTEGER NOT NULL,
    from_micros INTEGER NOT NULL,
    until_micros INTEGER,
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE INDEX names_by_file ON names (file) WHERE until_micros IS NULL;
  CREATE INDEX names_by_parent ON names (parent) WHERE until_micros IS NULL;
  CREATE INDEX directories ON names (file, until_micros);
  CREATE VIRTUAL TABLE grams USING fts5(tokens, content='', contentless_delete=1, detail=none);
`;

/** A row of the table of names. */
export interface NameRow {
  /** Number of the row. */
  readonly id: number;
  /** Number of its volume. */
  readonly volume: number;
  readonly file: bigint;
  readonly parent: bigint;
  readonly fromMicros: Micros;
  readonly untilMicros: Micros | undefined;
  /** The record; owned by the caller. */
  readonly sealed: Uint8Array;
}

/** What is kept of a new name. */
export interface NewName {
  /** Number of its volume. */
  readonly volume: number;
  readonly file: bigint;
  readonly parent: bigint;
  readonly pass: Micros;
  /** The record. */
  readonly sealed: Uint8Array;
  /** Its words, hidden; joined by spaces. */
  readonly tokens: string;
}

/** Which names are looked for. */
export interface NameQuery {
  /** Tokens that a name must have, joined by spaces; empty for all names. */
  readonly tokens: string;
  /** Names that were there at some moment of this span. */
  readonly fromMicros: Micros;
  readonly toMicros: Micros;
}

/** The tables of the name index, in one SQLite file. Losing it costs a walk over the volumes. */
export class NameTables {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @param file - absolute path; made when missing, made anew when it is of another version */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;',
    );
    const found = this.#database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (found === schemaVersion) return;
    const tables = ['volumes', 'names', 'grams'];
    for (const table of tables) this.#database.exec(`DROP TABLE IF EXISTS ${table}`);
    this.#database.exec(`BEGIN; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
  }

  /**
   * Does several changes as one.
   * @param change - throws to leave everything as it was
   * @throws what `change` throws
   */
  together<Result>(change: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * Number of a volume, which is given one when it is new.
   * @param volume - machine and volume
   */
  volumeNumber({ machine, volume }: IndexedVolume): number {
    this.#run(
      'INSERT OR IGNORE INTO volumes (machine, volume, reached_micros) VALUES (?, ?, 0)',
      machine,
      volume,
    );
    const row = this.#get(
      'SELECT id FROM volumes WHERE machine = ? AND volume = ?',
      machine,
      volume,
    );
    return Number(row?.['id']);
  }

  /** Every volume with the moment up to which its names are known; 0 before the first walk has ended. */
  volumes(): (IndexedVolume & { readonly number: number; readonly reachedMicros: Micros })[] {
    return this.#all('SELECT id, machine, volume, reached_micros FROM volumes').map((row) => ({
      number: Number(row['id']),
      machine: String(row['machine']),
      volume: String(row['volume']),
      reachedMicros: Number(row['reached_micros']),
    }));
  }

  /**
   * Says up to which moment the names of a volume are known.
   * @param volume - its number
   * @param micros - the moment
   */
  setReached(volume: number, micros: Micros): void {
    this.#run('UPDATE volumes SET reached_micros = ? WHERE id = ?', micros, volume);
  }

  /**
   * Adds a name that is there from the moment of its pass on.
   * @param name - see NewName
   */
  add(name: NewName): void {
    const { volume, file, parent, pass, sealed, tokens } = name;
    const { lastInsertRowid } = this.#run(
      'INSERT INTO names (volume, file, parent, pass, from_micros, sealed) VALUES (?, ?, ?, ?, ?, ?)',
      ...[volume, file, parent, pass, pass, sealed],
    );
    this.#run('INSERT INTO grams (rowid, tokens) VALUES (?, ?)', lastInsertRowid, tokens);
  }

  /**
   * Names in a directory that are there now.
   * @param parent - key of the directory
   */
  below(parent: bigint): NameRow[] {
    return this.#all('SELECT * FROM names WHERE parent = ? AND until_micros IS NULL', parent).map(
      nameRow,
    );
  }

  /**
   * Names of a file that are there now.
   * @param file - its key
   */
  namesOf(file: bigint): NameRow[] {
    return this.#all('SELECT * FROM names WHERE file = ? AND until_micros IS NULL', file).map(
      nameRow,
    );
  }

  /**
   * The newest name that a directory has or had.
   * @param file - its key
   */
  directory(file: bigint): NameRow | undefined {
    const query =
      'SELECT * FROM names WHERE file = ? ORDER BY until_micros IS NULL DESC, id DESC LIMIT 1';
    const row = this.#get(query, file);
    return row === undefined ? undefined : nameRow(row);
  }

  /**
   * Says that a name was met on a pass.
   * @param id - of its row
   * @param pass - moment of the pass
   */
  touch(id: number, pass: Micros): void {
    this.#run('UPDATE names SET pass = ? WHERE id = ?', pass, id);
  }

  /**
   * Changes what is said of the file of a name.
   * @param id - of its row
   * @param change - new seal, and the moment of the pass
   */
  change(id: number, change: { readonly pass: Micros; readonly sealed: Uint8Array }): void {
    this.#run('UPDATE names SET pass = ?, sealed = ? WHERE id = ?', change.pass, change.sealed, id);
  }

  /**
   * Ends a name.
   * @param id - of its row
   * @param micros - first moment at which it is gone
   */
  end(id: number, micros: Micros): void {
    this.#run('UPDATE names SET until_micros = ? WHERE id = ?', micros, id);
  }

  /**
   * Ends every name of a volume that a pass did not meet.
   * @param volume - its number
   * @param pass - moment of the pass
   */
  endUnmet(volume: number, pass: Micros): void {
    this.#run(
      'UPDATE names SET until_micros = ? WHERE volume = ? AND until_micros IS NULL AND pass < ?',
      pass,
      volume,
      pass,
    );
  }

  /**
   * Finds names, newest in the index first.
   * @param query - see NameQuery
   */
  *find({ tokens, fromMicros, toMicros }: NameQuery): Generator<NameRow> {
    const span = 'from_micros <= ? AND (until_micros IS NULL OR until_micros > ?)';
    const rows =
      tokens === ''
        ? this.#prepare(`SELECT * FROM names WHERE ${span} ORDER BY id DESC`).iterate(
            toMicros,
            fromMicros,
          )
        : this.#prepare(
            `SELECT names.* FROM grams JOIN names ON names.id = grams.rowid WHERE grams MATCH ? AND ${span}
             ORDER BY grams.rowid DESC`,
          ).iterate(tokens, toMicros, fromMicros);
    for (const row of rows) yield nameRow(row as Row);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: Value[]): ReturnType<StatementSync['run']> {
    return this.#prepare(sql).run(...values);
  }

  #get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  #all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

type Value = number | bigint | string | Uint8Array;
type Row = Readonly<Record<string, bigint | string | Uint8Array | null>>;

function nameRow(row: Row): NameRow {
  const until = row['until_micros'];
  return {
    id: Number(row['id']),
    volume: Number(row['volume']),
    file: row['file'] as bigint,
    parent: row['parent'] as bigint,
    fromMicros: Number(row['from_micros']),
    untilMicros: until === null || until === undefined ? undefined : Number(until),
    sealed: row['sealed'] as Uint8Array,
  };
}

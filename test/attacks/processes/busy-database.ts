import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { seededRandom } from '../../../src/base/random.ts';
import { CommandRig } from '../../cli/command-rig.ts';
import { tool } from '../../nbd/served.ts';
import { BusyDisk, type RestoredMoment, type WorkSpan } from './busy-disk.ts';

/** How hard the database is used. */
export interface DatabaseOptions {
  readonly seed: number;
  readonly workMs: number;
  /** Moments that are restored and checked. */
  readonly moments: number;
}

/** What the moments held. */
export interface DatabaseReport {
  readonly momentsSound: number;
  /** Rows of the ledger that the database had said were committed. */
  readonly rowsAcknowledged: number;
  /** Rows found in all moments together. */
  readonly rowsFound: number;
}

/** Small files, so that a moment often falls between two of them; everything else as PostgreSQL comes. */
const settings = `
fsync = on
listen_addresses = ''
shared_buffers = 16MB
max_wal_size = 48MB
min_wal_size = 32MB
checkpoint_timeout = 30s
max_connections = 20
`;

/** When a row was asked for, and when the database said that it was committed; milliseconds since 1970. */
interface LedgerRow {
  readonly askedMs: number;
  committedMs: number | undefined;
}

/**
 * Uses a PostgreSQL whose data lie on a protected disk, under pgbench and one client that counts, and restores moments in
 * the middle of that: the database must start on each as after a power cut, its indexes must agree with its tables, and the
 * client's rows must be those committed before that moment, without a hole.
 * @param options - see DatabaseOptions
 */
export async function restoreDatabase(options: DatabaseOptions): Promise<DatabaseReport> {
  const rig = new CommandRig();
  try {
    const disk = new BusyDisk(rig, { kind: 'ext4', diskMebibytes: 320 });
    await disk.protect();
    const database = new Database(disk.mount);
    const ledger: LedgerRow[] = [];
    const span = await disk.workOn(async () => {
      await database.create();
      return database.running(() => work(database, ledger, options.workMs));
    });
    const asked = { count: options.moments, span, random: seededRandom(options.seed) };
    let rowsFound = 0;
    await disk.restoreMoments(asked, async (moment) => {
      rowsFound += await disk.mounted(moment.file, () =>
        database.running(() => checkRows(database, ledger, moment)),
      );
      await disk.assertClean(moment.file);
    });
    const rowsAcknowledged = ledger.filter(({ committedMs }) => committedMs !== undefined).length;
    return { momentsSound: options.moments, rowsAcknowledged, rowsFound };
  } finally {
    await rig.close();
  }
}

/** pgbench in the background, and rows one after the other, each committed before the next. */
async function work(database: Database, ledger: LedgerRow[], workMs: number): Promise<WorkSpan> {
  const load = database.start('pgbench', '-n', '-c2', '-j1', `-T${Math.ceil(workMs / 1000)}`);
  const loadEnded = once(load, 'exit');
  const client = database.start('psql', '-qAtX', '-v', 'ON_ERROR_STOP=1');
  const fromMs = Date.now();
  const lines = createInterface({ input: client.stdout! })[Symbol.asyncIterator]();
  try {
    while (Date.now() < fromMs + workMs) {
      const row: LedgerRow = { askedMs: Date.now(), committedMs: undefined };
      ledger.push(row);
      client.stdin!.write(`INSERT INTO ledger VALUES (${ledger.length}) RETURNING number;\n`);
      const answer = await lines.next();
      if (answer.value !== String(ledger.length))
        throw new Error(`the client heard ${answer.value}`);
      row.committedMs = Date.now();
    }
    return { fromMs, toMs: Date.now() };
  } finally {
    client.stdin!.end();
    await loadEnded;
  }
}

/** @returns how many rows there are */
async function checkRows(
  database: Database,
  ledger: readonly LedgerRow[],
  { pointMs, askedMs }: RestoredMoment,
): Promise<number> {
  await database.run('pg_amcheck', '--heapallindexed', '--install-missing');
  const counted = await database.run('psql', '-qAtXc', 'SELECT count(*), max(number) FROM ledger');
  const [count = 0, newest = 0] = counted.trim().split('|').map(Number);
  if (count !== newest) throw new Error(`the ledger has holes: ${count} rows up to ${newest}`);
  const lost = ledger.findIndex(({ committedMs = Infinity }) => committedMs >= pointMs);
  const before = lost < 0 ? ledger.length : lost;
  if (count < before) throw new Error(`${before} rows were committed by then, ${count} are there`);
  const early = ledger[count - 1];
  if (early !== undefined && early.askedMs > askedMs) throw new Error('a row is from after it');
  return count;
}

/** A PostgreSQL below a folder, owned by the user that it insists on. */
class Database {
  readonly #folder: string;
  readonly #data: string;
  readonly #programs: string;

  constructor(mount: string) {
    this.#folder = mount;
    this.#data = `${mount}/data`;
    const versions = readdirSync('/usr/lib/postgresql');
    this.#programs = `/usr/lib/postgresql/${versions.sort().at(-1)}/bin`;
  }

  async create(): Promise<void> {
    mkdirSync(this.#data);
    const [user, group] = await Promise.all(['-u', '-g'].map((which) => tool('id', which, owner)));
    for (const folder of [this.#folder, this.#data]) chownSync(folder, Number(user), Number(group));
    chmodSync(this.#data, 0o700);
    const cluster = ['-D', this.#data, '-A', 'trust', '--wal-segsize=1', '--no-instructions'];
    await this.run('initdb', ...cluster);
    const configuration = `${this.#data}/postgresql.conf`;
    // What nobody synced may be gone after a power cut, and so be missing in a moment.
    await tool('sh', '-c', 'printf %s "$1" >>"$2"; sync "$2"', 'sh', settings, configuration);
    await this.running(async () => {
      await this.run('pgbench', '-i', '-q', '-s1');
      await this.run('psql', '-qXc', 'CREATE TABLE ledger (number bigint PRIMARY KEY)');
      await this.run('psql', '-qXc', 'CREATE EXTENSION amcheck');
    });
  }

  /** Starts the database, which mends itself first, and stops it afterwards. */
  async running<Result>(use: () => Promise<Result>): Promise<Result> {
    // They name a process of another life, whose number may be in use on a machine that was not started anew.
    const locks = [`${this.#data}/postmaster.pid`, `${this.#folder}/.s.PGSQL.5432.lock`];
    for (const lock of locks) rmSync(lock, { force: true });
    const control = ['-D', this.#data, '-w', '-s', '-l', `${this.#folder}/log`];
    try {
      await this.run('pg_ctl', ...control, '-o', `-k ${this.#folder}`, 'start');
    } catch (error) {
      const log = await tool('tail', '-n20', `${this.#folder}/log`);
      throw new Error(`PostgreSQL does not start: ${log}`, { cause: error });
    }
    try {
      return await use();
    } finally {
      await this.run('pg_ctl', ...control, '-m', 'fast', 'stop');
    }
  }

  run(program: string, ...words: readonly string[]): Promise<string> {
    const [command, ...rest] = this.#words(program, words);
    return tool(command!, ...rest);
  }

  start(program: string, ...words: readonly string[]): ChildProcess {
    const [command, ...rest] = this.#words(program, words);
    return spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  #words(program: string, words: readonly string[]): string[] {
    const as = [
      'runuser',
      '-u',
      owner,
      '--',
      'env',
      `PGHOST=${this.#folder}`,
      'PGDATABASE=postgres',
    ];
    return [...as, `${this.#programs}/${program}`, ...words];
  }
}

/** Whom the package makes for it. */
const owner = 'postgres';

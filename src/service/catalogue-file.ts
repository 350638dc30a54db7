import { DatabaseSync } from 'node:sqlite';
import { fromSystemError, SecondwindError } from '../base/errors.ts';

/** Version of the tables below; a newer file is refused, an older one is brought up to date step by step. */
const schemaVersion = 4;

/** One step for each version, in order: the first makes version 1 from an empty file. */
const migrations: readonly string[] = [
  `CREATE TABLE disks (
     machine TEXT NOT NULL,
     disk TEXT NOT NULL,
     source TEXT NOT NULL CHECK (source IN ('tap', 'image')),
     path TEXT NOT NULL,
     listen TEXT NOT NULL,
     window_ms INTEGER NOT NULL,
     is_cut_at_flush INTEGER NOT NULL,
     is_paused INTEGER NOT NULL,
     PRIMARY KEY (machine, disk)
   ) STRICT;
   CREATE TABLE views (
     id TEXT NOT NULL PRIMARY KEY,
     machine TEXT NOT NULL,
     disk TEXT NOT NULL,
     asked_micros INTEGER NOT NULL,
     listen TEXT NOT NULL,
     is_writable INTEGER NOT NULL,
     opened_micros INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE guests (
     machine TEXT NOT NULL PRIMARY KEY,
     description TEXT NOT NULL
   ) STRICT;
   CREATE TABLE machine_links (
     machine TEXT NOT NULL,
     other TEXT NOT NULL,
     PRIMARY KEY (machine, other)
   ) STRICT;`,
  `CREATE TABLE verifications (
     machine TEXT NOT NULL,
     place TEXT NOT NULL,
     point_micros INTEGER NOT NULL,
     verified_micros INTEGER NOT NULL,
     report TEXT NOT NULL,
     PRIMARY KEY (machine, place, point_micros)
   ) STRICT;`,
  `CREATE TABLE health_schedules (
     place TEXT NOT NULL PRIMARY KEY,
     rhythm TEXT NOT NULL,
     tried_micros INTEGER NOT NULL,
     tried_point_micros INTEGER NOT NULL,
     failure TEXT NOT NULL
   ) STRICT;
   CREATE TABLE exclusions (
     machine TEXT NOT NULL,
     disk TEXT NOT NULL,
     description TEXT NOT NULL,
     PRIMARY KEY (machine, disk)
   ) STRICT;
   CREATE TABLE devices (
     machine TEXT NOT NULL,
     disk TEXT NOT NULL,
     path TEXT NOT NULL,
     window_ms INTEGER NOT NULL,
     is_paused INTEGER NOT NULL,
     PRIMARY KEY (machine, disk)
   ) STRICT;
   CREATE TABLE agents (
     machine TEXT NOT NULL PRIMARY KEY,
     fingerprint TEXT NOT NULL,
     enrolled_micros INTEGER NOT NULL,
     revoked_micros INTEGER NOT NULL,
     heard_micros INTEGER NOT NULL
   ) STRICT;`,
];

/**
 * Opens a catalogue for this process alone, and brings its tables up to date.
 * @param file - absolute path; made when missing
 * @throws NEWER_FORMAT; what SQLite throws
 */
export function openCatalogueFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    lock(database);
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// In exclusive mode the lock that the first write takes is kept until the file is closed.
function lock(database: DatabaseSync): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT');
}

function migrate(database: DatabaseSync, file: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()!['user_version']);
  if (found > schemaVersion) {
    throw new SecondwindError('NEWER_FORMAT', { file, found, known: schemaVersion });
  }
  for (const [index, step] of migrations.entries()) {
    if (index < found) continue;
    database.exec(`BEGIN; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** SQLite's primary result codes that mean something to people. */
const busy = 5;
const full = 13;
const corrupt = 11;
const notADatabase = 26;

/**
 * Says what an error of the catalogue's file means.
 * @param error - what was caught; one of ours is handed through
 * @param action - what was being done: "Opening"
 * @param file - its path
 */
export function fromSqliteError(error: unknown, action: string, file: string): SecondwindError {
  const { errcode, message } = error as { readonly errcode?: number; readonly message: string };
  const code = (errcode ?? 0) & 0xff;
  if (code === busy) {
    const reason = 'another process has it open';
    return new SecondwindError('IN_USE', { what: file, reason }, error);
  }
  if (code === full) return new SecondwindError('NO_SPACE', { file, action }, error);
  if (code === corrupt || code === notADatabase) {
    return new SecondwindError('DAMAGED', { file, offset: 0, reason: message }, error);
  }
  return fromSystemError(error, action, file);
}

import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { fromSqliteError, openCatalogueFile } from './catalogue-file.ts';
import type {
  AgentRow,
  DiskRow,
  ExclusionRow,
  GuestRow,
  HealthScheduleRow,
  LinkRow,
  VerificationRow,
  ViewRow,
} from './catalogue-row.ts';
import { verificationsLookedAtMax, verificationsMax } from './verify/limits.ts';

/**
 * What a server must remember besides the repository: which disks it protects and which views are open. One SQLite file.
 * It is also the lock on the data folder: while it is open no other process can open it, and the system lets go of it
 * however this process ends.
 */
export class Catalogue {
  readonly #database: DatabaseSync;
  readonly #file: string;

  /**
   * Opens the catalogue and takes the lock.
   * @param file - absolute path; made when missing
   * @throws IN_USE when another process holds it; NEWER_FORMAT, DAMAGED, IO_FAILED, NO_SPACE
   */
  constructor(file: string) {
    this.#file = file;
    this.#database = this.#attempt('Opening', () => openCatalogueFile(file));
  }

  /** All protected disks, in order of name. */
  disks(): DiskRow[] {
    const query = `SELECT * FROM disks UNION ALL
      SELECT machine, disk, 'device', path, '', window_ms, 0, is_paused FROM devices
      ORDER BY machine, disk`;
    return this.#run(query, (statement) => statement.all().map(diskRow));
  }

  /**
   * Adds a disk, or changes what is known of it.
   * @param row - replaces the one of the same name
   * @throws IO_FAILED, NO_SPACE
   */
  putDisk(row: DiskRow): void {
    if (row.source === 'device') return this.#putDevice(row);
    this.#run('INSERT OR REPLACE INTO disks VALUES (?, ?, ?, ?, ?, ?, ?, ?)', (statement) =>
      statement.run(
        row.machine,
        row.disk,
        row.source,
        row.path,
        row.listen,
        row.windowMs,
        Number(row.isCutAtFlush),
        Number(row.isPaused),
      ),
    );
  }

  /**
   * Forgets a disk.
   * @param machine - its machine
   * @param disk - its name
   * @throws IO_FAILED, NO_SPACE
   */
  removeDisk(machine: string, disk: string): void {
    for (const table of ['disks', 'devices']) {
      this.#run(`DELETE FROM ${table} WHERE machine = ? AND disk = ?`, (statement) =>
        statement.run(machine, disk),
      );
    }
  }

  #putDevice({ machine, disk, path, windowMs, isPaused }: DiskRow): void {
    this.#run('INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?)', (statement) =>
      statement.run(machine, disk, path, windowMs, Number(isPaused)),
    );
  }

  /**
   * What of a disk is not to be stored.
   * @param machine - its machine
   * @param disk - its name
   * @returns undefined when there never were rules
   */
  exclusion(machine: string, disk: string): ExclusionRow | undefined {
    const query = 'SELECT description FROM exclusions WHERE machine = ? AND disk = ?';
    const row = this.#run(query, (statement) => statement.get(machine, disk));
    // Written by putExclusion and nobody else.
    return row && (JSON.parse(String(row['description'])) as ExclusionRow);
  }

  /**
   * Notes what of a disk is not to be stored.
   * @param row - replaces the one of the same name
   * @throws IO_FAILED, NO_SPACE
   */
  putExclusion(row: ExclusionRow): void {
    this.#run('INSERT OR REPLACE INTO exclusions VALUES (?, ?, ?)', (statement) =>
      statement.run(row.machine, row.disk, JSON.stringify(row)),
    );
  }

  /** All guests that are protected, in order of name. */
  guests(): GuestRow[] {
    const query = 'SELECT * FROM guests ORDER BY machine';
    return this.#run(query, (statement) => statement.all().map(guestRow));
  }

  /**
   * Adds a guest, or changes what is known of it.
   * @param row - replaces the one of the same name
   * @throws IO_FAILED, NO_SPACE
   */
  putGuest(row: GuestRow): void {
    this.#run('INSERT OR REPLACE INTO guests VALUES (?, ?)', (statement) =>
      statement.run(row.machine, JSON.stringify(row)),
    );
  }

  /**
   * Forgets a guest.
   * @param machine - its name
   * @throws IO_FAILED, NO_SPACE
   */
  removeGuest(machine: string): void {
    this.#run('DELETE FROM guests WHERE machine = ?', (statement) => statement.run(machine));
  }

  /** All machines that are one server with another, in order of name. */
  links(): LinkRow[] {
    const query = 'SELECT * FROM machine_links ORDER BY machine, other';
    return this.#run(query, (statement) => statement.all().map(linkRow));
  }

  /**
   * Notes that two machines are one server.
   * @param row - which
   * @throws IO_FAILED, NO_SPACE
   */
  putLink(row: LinkRow): void {
    this.#run('INSERT OR REPLACE INTO machine_links VALUES (?, ?)', (statement) =>
      statement.run(row.machine, row.other),
    );
  }

  /**
   * Forgets that a machine is one server with others.
   * @param machine - which
   * @throws IO_FAILED, NO_SPACE
   */
  removeLinks(machine: string): void {
    this.#run('DELETE FROM machine_links WHERE machine = ? OR other = ?', (statement) =>
      statement.run(machine, machine),
    );
  }

  /** All agents, in order of name. */
  agents(): AgentRow[] {
    const query = 'SELECT * FROM agents ORDER BY machine';
    return this.#run(query, (statement) =>
      statement.all().map((row) => ({
        machine: String(row['machine']),
        fingerprint: String(row['fingerprint']),
        enrolledMicros: Number(row['enrolled_micros']),
        revokedMicros: Number(row['revoked_micros']),
        heardMicros: Number(row['heard_micros']),
      })),
    );
  }

  /**
   * Adds an agent, or changes what is known of it.
   * @param row - replaces the one of the same machine
   * @throws IO_FAILED, NO_SPACE
   */
  putAgent(row: AgentRow): void {
    const { machine, fingerprint, enrolledMicros, revokedMicros, heardMicros } = row;
    this.#run('INSERT OR REPLACE INTO agents VALUES (?, ?, ?, ?, ?)', (statement) =>
      statement.run(machine, fingerprint, enrolledMicros, revokedMicros, heardMicros),
    );
  }

  /** All open views, oldest first. */
  views(): ViewRow[] {
    const query = 'SELECT * FROM views ORDER BY opened_micros, id';
    return this.#run(query, (statement) => statement.all().map(viewRow));
  }

  /**
   * Adds a view.
   * @param row - replaces the one of the same name
   * @throws IO_FAILED, NO_SPACE
   */
  putView(row: ViewRow): void {
    this.#run('INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?, ?, ?)', (statement) =>
      statement.run(
        row.id,
        row.machine,
        row.disk,
        row.askedMicros,
        row.listen,
        Number(row.isWritable),
        row.openedMicros,
      ),
    );
  }

  /**
   * Forgets a view.
   * @param id - its name
   * @throws IO_FAILED, NO_SPACE
   */
  removeView(id: string): void {
    this.#run('DELETE FROM views WHERE id = ?', (statement) => statement.run(id));
  }

  /**
   * What health checks of a machine came to, the newest point first.
   * @param machine - its name
   */
  verifications(machine: string): VerificationRow[] {
    const query = 'SELECT * FROM verifications WHERE machine = ? ORDER BY point_micros DESC, place';
    return this.#run(query, (statement) => statement.all(machine).map(verificationRow));
  }

  /**
   * Finds the newest health check of a machine that is of a kind, among the newest few.
   * @param machine - its name
   * @param isWanted - tells which kind
   */
  newestVerification(
    machine: string,
    isWanted: (row: VerificationRow) => boolean,
  ): VerificationRow | undefined {
    const query =
      'SELECT * FROM verifications WHERE machine = ? ORDER BY point_micros DESC, verified_micros DESC LIMIT ?';
    return this.#run(query, (statement) => {
      for (const row of statement.iterate(machine, verificationsLookedAtMax)) {
        const found = verificationRow(row);
        if (isWanted(found)) return found;
      }
      return undefined;
    });
  }

  /** All health checks that run by themselves, in order of place. */
  healthSchedules(): HealthScheduleRow[] {
    const query = 'SELECT * FROM health_schedules ORDER BY place';
    return this.#run(query, (statement) => statement.all().map(healthScheduleRow));
  }

  /**
   * Adds a health check that runs by itself, or changes what is known of it.
   * @param row - replaces the one of the same place
   * @throws IO_FAILED, NO_SPACE
   */
  putHealthSchedule(row: HealthScheduleRow): void {
    const { place, rhythm, triedMicros, triedPointMicros, failure } = row;
    this.#run('INSERT OR REPLACE INTO health_schedules VALUES (?, ?, ?, ?, ?)', (statement) =>
      statement.run(place, rhythm, triedMicros, triedPointMicros, failure),
    );
  }

  /**
   * Forgets a health check that ran by itself; its results stay.
   * @param place - what it checked
   * @throws IO_FAILED, NO_SPACE
   */
  removeHealthSchedule(place: string): void {
    this.#run('DELETE FROM health_schedules WHERE place = ?', (statement) => statement.run(place));
  }

  /**
   * Notes what a health check came to, and forgets the oldest points beyond the limit.
   * @param row - replaces the one of the same place and point
   * @throws IO_FAILED, NO_SPACE
   */
  putVerification(row: VerificationRow): void {
    const { machine, place, pointMicros, verifiedMicros, report } = row;
    this.#run('INSERT OR REPLACE INTO verifications VALUES (?, ?, ?, ?, ?)', (statement) =>
      statement.run(machine, place, pointMicros, verifiedMicros, JSON.stringify(report)),
    );
    const beyond =
      'SELECT rowid FROM verifications WHERE machine = ? ORDER BY point_micros DESC LIMIT -1 OFFSET ?';
    this.#run(`DELETE FROM verifications WHERE rowid IN (${beyond})`, (statement) =>
      statement.run(machine, verificationsMax),
    );
  }

  /** Lets go of the file and of the lock. */
  close(): void {
    this.#database.close();
  }

  #run<Answer>(query: string, use: (statement: StatementSync) => Answer): Answer {
    return this.#attempt('Using', () => use(this.#database.prepare(query)));
  }

  #attempt<Answer>(action: string, use: () => Answer): Answer {
    try {
      return use();
    } catch (error) {
      throw fromSqliteError(error, action, this.#file);
    }
  }
}

type SqlRow = Readonly<Record<string, SQLOutputValue>>;

function diskRow(row: SqlRow): DiskRow {
  return {
    machine: String(row['machine']),
    disk: String(row['disk']),
    source: sourceOf(row['source']),
    path: String(row['path']),
    listen: String(row['listen']),
    windowMs: Number(row['window_ms']),
    isCutAtFlush: row['is_cut_at_flush'] === 1,
    isPaused: row['is_paused'] === 1,
  };
}

function sourceOf(word: SQLOutputValue | undefined): DiskRow['source'] {
  return word === 'tap' || word === 'device' ? word : 'image';
}

function viewRow(row: SqlRow): ViewRow {
  return {
    id: String(row['id']),
    machine: String(row['machine']),
    disk: String(row['disk']),
    askedMicros: Number(row['asked_micros']),
    listen: String(row['listen']),
    isWritable: row['is_writable'] === 1,
    openedMicros: Number(row['opened_micros']),
  };
}

/** Written by putGuest and nobody else. */
function guestRow(row: SqlRow): GuestRow {
  return JSON.parse(String(row['description'])) as GuestRow;
}

function linkRow(row: SqlRow): LinkRow {
  return { machine: String(row['machine']), other: String(row['other']) };
}

function healthScheduleRow(row: SqlRow): HealthScheduleRow {
  return {
    place: String(row['place']),
    rhythm: String(row['rhythm']),
    triedMicros: Number(row['tried_micros']),
    triedPointMicros: Number(row['tried_point_micros']),
    failure: String(row['failure']),
  };
}

/** Written by putVerification and nobody else. */
function verificationRow(row: SqlRow): VerificationRow {
  return {
    machine: String(row['machine']),
    place: String(row['place']),
    pointMicros: Number(row['point_micros']),
    verifiedMicros: Number(row['verified_micros']),
    report: JSON.parse(String(row['report'])) as VerificationRow['report'],
  };
}

import type { Logger } from '../../base/log.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';

/**
 * Finds out whose commits are lost where something of the log cannot be read and does not say whose it was. From then on
 * every machine is under suspicion, until a later record of it names the last one before as the one before it. Who is still
 * suspected at the end of the log may have lost its newest commits, so its disks are not whole from then on.
 */
export class LossWatch {
  /** Whether anything that counts could not be read: chunks that are missing then need not be of a write cut short. */
  isDamaged = false;
  readonly #tables: IndexTables;
  readonly #writer: IndexWriter;
  readonly #log: Logger;
  readonly #suspects = new Set<number>();

  /**
   * @param tables - names of the machines
   * @param writer - told whose history is broken
   * @param log - told the same
   */
  constructor(tables: IndexTables, writer: IndexWriter, log: Logger) {
    this.#tables = tables;
    this.#writer = writer;
    this.#log = log;
  }

  /** Something is lost, and may have been any machine's. */
  suspectAll(): void {
    this.isDamaged = true;
    for (let machine = 1; machine <= this.#tables.names.machines.length; machine++) {
      this.#suspects.add(machine);
    }
  }

  /** @param machine - number; nothing of it is missing up to here, or it is known what is */
  clear(machine: number): void {
    this.#suspects.delete(machine);
  }

  /** Ends the log. */
  finish(): void {
    for (const machine of this.#suspects) {
      const name = this.#tables.names.machines[machine - 1] ?? '';
      this.#log.error('The newest commits of a machine may be lost', { machine: name });
      this.#writer.breakHistory(machine);
    }
  }
}

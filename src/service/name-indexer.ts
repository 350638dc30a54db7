import type { Clock, Micros } from '../base/clock.ts';
import { isSecondwindError } from '../base/errors.ts';
import { changedRangesMax, nameIndexIntervalMs } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { NameIndex } from '../content/name-index/name-index.ts';
import { updateNames } from '../content/name-index/update-names.ts';
import type { ByteRange } from '../filesystem/file-system.ts';
import type { Volume } from '../filesystem/volume.ts';
import { volumeRanges } from '../filesystem/volume-ranges.ts';
import type { Repository } from '../repository/index.ts';
import type { ActionContext } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTree, OpenedTrees } from './opened-trees.ts';

/** What the indexer needs. */
export interface NameIndexerParts {
  readonly index: NameIndex;
  readonly repository: Repository;
  readonly trees: OpenedTrees;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the name index up to date: now and then by itself, and at once when somebody asks. */
export class NameIndexer {
  readonly #parts: NameIndexerParts;
  readonly #ending = new AbortController();
  /** Updates run one after the other: each may walk a whole disk. */
  #line: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> | undefined;

  /** @param parts - see NameIndexerParts */
  constructor(parts: NameIndexerParts) {
    this.#parts = parts;
  }

  /** Begins to look at what was captured, now and then. */
  start(): void {
    this.#loop = this.#runLoop();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
    await this.#line;
  }

  /**
   * Brings the names of every machine up to its newest point.
   * @param action - progress in machines
   * @returns what could not be read, as sentences
   * @throws the signal's reason, IO_FAILED, NO_SPACE
   */
  update(action: ActionContext): Promise<readonly string[]> {
    const updated = this.#line.then(() => this.#updateAll(action));
    this.#line = updated.catch(() => undefined);
    return updated;
  }

  async #runLoop(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await clock.sleep(nameIndexIntervalMs, signal);
        const notes = await this.update({ progress: () => undefined, signal });
        for (const note of notes) log.info('Names could not be read', { note });
      } catch (error) {
        if (!signal.aborted) log.error('The name index could not be updated', { error });
      }
    }
  }

  async #updateAll(action: ActionContext): Promise<readonly string[]> {
    const machines = [...new Set(this.#parts.repository.disks().map(({ name }) => name.machine))];
    const notes: string[] = [];
    for (const [done, machine] of machines.entries()) {
      action.progress({
        phase: `Reading the names of ${machine}`,
        done,
        total: machines.length,
        unit: 'machines',
      });
      action.signal.throwIfAborted();
      notes.push(...(await this.#updateMachine(machine, action.signal)));
    }
    return notes;
  }

  /** A machine that cannot be opened at its newest point is passed over, and says why. */
  async #updateMachine(machine: string, signal: AbortSignal): Promise<readonly string[]> {
    const newestMicros = this.#newestMicros(machine);
    if (newestMicros === undefined) return [];
    try {
      return await this.#parts.trees.use(machine, isoMoment(newestMicros), (opened) =>
        this.#updateVolumes(machine, opened, signal),
      );
    } catch (error) {
      if (!isSecondwindError(error) || signal.aborted) throw error;
      return [`${machine}: ${error.message}`];
    }
  }

  #newestMicros(machine: string): Micros | undefined {
    const disks = this.#parts.repository.disks().filter(({ name }) => name.machine === machine);
    const known = disks.flatMap(({ lastPointMicros }) => lastPointMicros ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  async #updateVolumes(
    machine: string,
    opened: OpenedTree,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const notes: string[] = [];
    for (const { volume, fileSystem, refusal } of opened.volumes) {
      if (fileSystem === undefined) {
        notes.push(`${machine}/${volume.address}: ${refusal?.message ?? 'it cannot be read'}`);
        continue;
      }
      const micros = opened.pointMicros;
      const named = {
        ...{ machine, volume: volume.address, fileSystem, micros },
        changedSince: (sinceMicros: Micros) =>
          this.#changed(machine, volume, { sinceMicros, micros }),
      };
      await updateNames(this.#parts.index, named, signal);
    }
    return notes;
  }

  /** @returns undefined when the earlier moment cannot be compared, or too much changed for looking at parts to be cheaper */
  async #changed(
    machine: string,
    volume: Volume,
    { sinceMicros, micros }: { readonly sinceMicros: Micros; readonly micros: Micros },
  ): Promise<readonly ByteRange[] | undefined> {
    const disks = new Set(volume.spans.flatMap(({ stripes }) => stripes.map(({ disk }) => disk)));
    const found: ByteRange[] = [];
    try {
      for (const disk of disks) {
        const changed = this.#parts.repository.changedRanges(
          { machine, disk },
          sinceMicros,
          micros,
        );
        for await (const range of changed) found.push(...volumeRanges(volume.spans, disk, range));
        if (found.length > changedRangesMax) return undefined;
      }
    } catch (error) {
      const isIncomparable =
        isSecondwindError(error, 'NO_POINT_YET') || isSecondwindError(error, 'POINT_IN_GAP');
      if (!isIncomparable) throw error;
      return undefined;
    }
    return found.toSorted((left, right) => left.offsetBytes - right.offsetBytes);
  }
}

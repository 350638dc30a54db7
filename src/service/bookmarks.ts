import type { Clock, Micros } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { timelinePointsMax } from '../base/limits.ts';
import type { CommitNote, Repository, TimelinePoint } from '../repository/index.ts';
import type { LiveTaps } from './live-taps.ts';

/** The named moments of machines. They lie in the repository itself, as notes of commits. */
export class Bookmarks {
  readonly #repository: Repository;
  readonly #taps: LiveTaps;
  readonly #clock: Clock;

  /**
   * @param repository - where they lie
   * @param taps - make the point of a bookmark that names this instant
   * @param clock - tells what this instant is
   */
  constructor(repository: Repository, taps: LiveTaps, clock: Clock) {
    this.#repository = repository;
    this.#taps = taps;
    this.#clock = clock;
  }

  /**
   * Finds the moment that a bookmark names.
   * @param machine - its machine
   * @param name - its name
   * @throws UNKNOWN_MACHINE, NOT_FOUND
   */
  find(machine: string, name: string): Micros {
    const micros = this.#lookUp(machine, name);
    if (micros !== undefined) return micros;
    throw new SecondwindError('NOT_FOUND', { what: `bookmark of ${machine}`, name });
  }

  /**
   * Names a moment.
   * @param machine - its machine
   * @param name - checked by checkName
   * @param atMicros - the moment; this instant when left out
   * @returns the moment
   * @throws UNKNOWN_MACHINE, ALREADY_EXISTS, NOT_CAPTURED, IO_FAILED, NO_SPACE
   */
  async set(machine: string, name: string, atMicros?: Micros): Promise<Micros> {
    if (this.#lookUp(machine, name) !== undefined) {
      throw new SecondwindError('ALREADY_EXISTS', { what: `bookmark of ${machine}`, name });
    }
    const bookmark: CommitNote = { kind: 'bookmark', text: name };
    if (atMicros === undefined) {
      const point = await this.#taps.cutNow(machine, { notes: [bookmark] });
      return point?.timeMicros ?? (await this.#append(machine, bookmark));
    }
    await this.#append(machine, { ...bookmark, fromMicros: atMicros });
    return atMicros;
  }

  /** A commit that changes nothing carries the note. */
  async #append(machine: string, note: CommitNote): Promise<Micros> {
    const receipt = await this.#repository.append({
      machine,
      timeMicros: this.#clock.nowMicros(),
      consistency: 'crash',
      disks: [],
      notes: [note],
    });
    return receipt.timeMicros;
  }

  #lookUp(machine: string, name: string): Micros | undefined {
    let toMicros: Micros | undefined;
    for (;;) {
      const page = this.#repository.timeline({
        machine,
        limit: timelinePointsMax,
        ...(toMicros === undefined ? {} : { toMicros }),
      });
      const found = page.points.map((point) => markedMoment(point, name)).find(isMoment);
      const oldest = page.points[0];
      if (found !== undefined || !page.isCut || oldest === undefined) return found;
      toMicros = oldest.timeMicros - 1;
    }
  }
}

function markedMoment(point: TimelinePoint, name: string): Micros | undefined {
  const note = point.notes.find(({ kind, text }) => kind === 'bookmark' && text === name);
  return note === undefined ? undefined : (note.fromMicros ?? point.timeMicros);
}

function isMoment(micros: Micros | undefined): micros is Micros {
  return micros !== undefined;
}

import type { Clock, Micros } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { CommitNote, Repository, TimelinePoint } from '../repository/index.ts';
import type { MachineCaptures } from './machine-captures.ts';
import type { QuiescedPoints } from './quiesced-points.ts';
import { timelinePages } from './timeline-pages.ts';

interface KnownBookmarks {
  readonly names: Map<string, Micros>;
  /** Everything up to this moment was looked at. */
  readonly untilMicros: Micros;
}

/** The named moments of machines. They lie in the repository itself, as notes of commits. */
export class Bookmarks {
  readonly #repository: Repository;
  readonly #captures: MachineCaptures;
  readonly #clock: Clock;
  readonly #quiesced: QuiescedPoints;
  /** What was found already; history only grows, so only what is newer needs to be looked at. */
  readonly #known = new Map<string, KnownBookmarks>();

  /**
   * @param repository - where they lie
   * @param quiesced - make the points of bookmarks that are application-consistent
   * @param captures - make the point of a bookmark that names this instant
   * @param clock - tells what this instant is
   */
  constructor(
    repository: Repository,
    quiesced: QuiescedPoints,
    captures: MachineCaptures,
    clock: Clock,
  ) {
    this.#repository = repository;
    this.#quiesced = quiesced;
    this.#captures = captures;
    this.#clock = clock;
  }

  /**
   * Finds the moment that a bookmark names.
   * @param machine - its machine
   * @param name - its name
   * @throws UNKNOWN_MACHINE, NOT_FOUND
   */
  async find(machine: string, name: string): Promise<Micros> {
    const micros = (await this.all(machine)).get(name);
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
    await this.#assertFree(machine, name);
    const bookmark: CommitNote = { kind: 'bookmark', text: name };
    if (atMicros === undefined) {
      const point = await this.#captures.cutNow(machine, { notes: [bookmark] });
      return point?.timeMicros ?? (await this.#append(machine, bookmark));
    }
    await this.#append(machine, { ...bookmark, fromMicros: atMicros });
    return atMicros;
  }

  /**
   * Names this instant, at which the applications of a guest hold still.
   * @param machine - its machine
   * @param name - checked by checkName
   * @returns the moment
   * @throws ALREADY_EXISTS, NOT_QUIESCED, NOT_CAPTURED
   */
  async setQuiesced(machine: string, name: string): Promise<Micros> {
    await this.#assertFree(machine, name);
    const receipt = await this.#quiesced.cut(machine, [{ kind: 'bookmark', text: name }]);
    return receipt.timeMicros;
  }

  async #assertFree(machine: string, name: string): Promise<void> {
    if ((await this.all(machine)).get(name) === undefined) return;
    throw new SecondwindError('ALREADY_EXISTS', { what: `bookmark of ${machine}`, name });
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

  /**
   * Every bookmark of a machine with its moment.
   * @param machine - its name
   * @throws UNKNOWN_MACHINE
   */
  async all(machine: string): Promise<ReadonlyMap<string, Micros>> {
    const known = this.#known.get(machine) ?? { names: new Map<string, Micros>(), untilMicros: 0 };
    const fromMicros = known.untilMicros + 1;
    let { untilMicros } = known;
    for await (const { points } of timelinePages(this.#repository, { machine, fromMicros })) {
      for (const point of points) noteBookmarks(known.names, point);
      untilMicros = Math.max(untilMicros, points.at(-1)?.timeMicros ?? 0);
    }
    this.#known.set(machine, { names: known.names, untilMicros });
    return known.names;
  }
}

function noteBookmarks(names: Map<string, Micros>, { notes, timeMicros }: TimelinePoint): void {
  for (const { kind, text, fromMicros } of notes) {
    if (kind === 'bookmark') names.set(text, fromMicros ?? timeMicros);
  }
}

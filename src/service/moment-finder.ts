import type { Clock, Micros } from '../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import { settleMsMax } from '../base/limits.ts';
import { formatIsoMoment } from '../base/time-text.ts';
import type { Repository, View, ViewOptions } from '../repository/index.ts';
import type { Bookmarks } from './bookmarks.ts';
import type { MachineCaptures } from './machine-captures.ts';
import { type AskedMoment, type MomentQuestion, readQuestion } from './moments.ts';
import type { DiskAddress } from './use-cases.ts';

/** A disk as it stood, and the moment that was asked for. */
export interface FoundView {
  /** To be closed by whoever asked. */
  readonly view: View;
  /** The moment. */
  readonly askedMicros: Micros;
}

/** Finds what people mean by "now", "14:05:09" or a bookmark, and opens it. */
export class MomentFinder {
  readonly #repository: Repository;
  readonly #captures: MachineCaptures;
  readonly #bookmarks: Bookmarks;
  readonly #clock: Clock;

  /**
   * @param repository - what is opened
   * @param captures - bring what they have captured to the repository before it is looked at
   * @param bookmarks - named moments
   * @param clock - tells what lies in the future
   */
  constructor(
    repository: Repository,
    captures: MachineCaptures,
    bookmarks: Bookmarks,
    clock: Clock,
  ) {
    this.#repository = repository;
    this.#captures = captures;
    this.#bookmarks = bookmarks;
    this.#clock = clock;
  }

  /**
   * Opens a disk as it stood.
   * @param name - machine and disk
   * @param asked - the moment
   * @param options - how it will be read
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NOT_FOUND, NO_POINT_YET, POINT_IN_GAP, TIME_IN_FUTURE, TIME_NOT_UNDERSTOOD
   */
  async open(
    name: DiskAddress,
    asked: AskedMoment,
    options: Pick<ViewOptions, 'isReadOnce'> = {},
  ): Promise<FoundView> {
    const askedMicros = await this.find(name, asked);
    return { view: await this.#repository.openView(name, askedMicros, options), askedMicros };
  }

  /**
   * Finds a moment. What a tap captured before it is restorable when this ends.
   * @param name - machine and disk
   * @param asked - the moment
   * @throws as open
   */
  async find(name: DiskAddress, asked: AskedMoment): Promise<Micros> {
    this.#repository.disk(name);
    return this.#resolve(name, readQuestion(asked));
  }

  async #resolve(name: DiskAddress, question: MomentQuestion): Promise<Micros> {
    switch (question.kind) {
      case 'bookmark':
        return await this.#bookmarks.find(name.machine, question.name);
      case 'now':
        return (await this.#settle(name.machine)) ?? this.#nowMicros();
      case 'at':
        this.#refuseFuture(name, question.micros);
        if (question.micros > this.#storedMicros(name)) await this.#settle(name.machine);
        return question.micros;
    }
  }

  /** Time never runs backward in the history of a machine, so its newest commit may be ahead of a clock that was put back. */
  #nowMicros(): Micros {
    return Math.max(this.#clock.nowMicros(), this.#repository.lastMicros);
  }

  #storedMicros(name: DiskAddress): Micros {
    return this.#repository.disk(name).lastPointMicros ?? 0;
  }

  #refuseFuture(name: DiskAddress, micros: Micros): void {
    const nowMicros = this.#nowMicros();
    if (micros <= nowMicros) return;
    throw new SecondwindError('TIME_IN_FUTURE', {
      asked: formatIsoMoment(micros),
      disk: `${name.machine}/${name.disk}`,
      last: formatIsoMoment(this.#storedMicros(name)),
    });
  }

  /**
   * Brings what was captured up to now to the repository, if anything waits. A machine that is not whole, or a store that fails, leaves what
   * is stored already; the point in every answer tells which state that is.
   */
  async #settle(machine: string): Promise<Micros | undefined> {
    if (this.#captures.status(machine)?.lagMs === 0) return undefined;
    const patience = new AbortController();
    const cutting = this.#cut(machine).finally(() => patience.abort());
    const waiting = this.#clock.sleep(settleMsMax, patience.signal).then(
      () => undefined,
      () => undefined,
    );
    return Promise.race([cutting, waiting]);
  }

  async #cut(machine: string): Promise<Micros | undefined> {
    try {
      return (await this.#captures.cutNow(machine, {}))?.timeMicros;
    } catch (error) {
      if (isSecondwindError(error, 'NOT_CAPTURED')) return undefined;
      throw error;
    }
  }
}

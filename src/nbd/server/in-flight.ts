import { nbdBytesInFlightMax, nbdRequestsInFlightMax } from '../../base/limits.ts';

/** Counts the requests of a connection that the disk has not completed yet. */
export class InFlight {
  readonly #onLater: () => void;
  #count = 0;
  #bytes = 0;
  #isTelling = false;
  #idle: (() => void) | undefined;

  /** @param onLater - told once per turn in which requests ended */
  constructor(onLater: () => void) {
    this.#onLater = onLater;
  }

  /** Whether there are none. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Whether one more may begin. */
  get hasRoom(): boolean {
    return this.#count < nbdRequestsInFlightMax && this.#bytes < nbdBytesInFlightMax;
  }

  /**
   * Counts one that begins.
   * @param costBytes - what it keeps busy, bytes
   */
  begin(costBytes: number): void {
    this.#count += 1;
    this.#bytes += costBytes;
  }

  /**
   * Counts one that has ended.
   * @param costBytes - as when it began
   */
  end(costBytes: number): void {
    this.#count -= 1;
    this.#bytes -= costBytes;
    if (this.#count === 0) this.#idle?.();
    if (this.#isTelling) return;
    this.#isTelling = true;
    // Operations that end in the same turn of the event loop are answered together.
    setImmediate(() => {
      this.#isTelling = false;
      this.#onLater();
    });
  }

  /** Ends when there are none. */
  whenIdle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const earlier = this.#idle;
    this.#idle = () => {
      earlier?.();
      resolve(undefined);
    };
    return promise;
  }
}

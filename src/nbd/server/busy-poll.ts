import type { Clock } from '../../base/clock.ts';
import { nbdPollLostMs, nbdPollMs, nbdPollPauseMs } from '../../base/limits.ts';

/** Quick successions that must outweigh slow ones before polling begins. */
const scoreToPoll = 4;

/** The most quick successions that are remembered. */
const scoreMax = 8;

/** How long after an answer the next request still counts as following quickly, milliseconds: polling time and a wake-up. */
const quickMs: number = 3 * nbdPollMs;

/**
 * Keeps the event loop turning for a moment after an answer while a client sends its next request quickly: waking a sleeping
 * loop costs more than answering from memory. A client that thinks for longer costs a few polls in vain and then none; and
 * where the processors are wanted by others there is no polling, since the scheduler would make the poller wait for it.
 */
export class BusyPoll {
  readonly #clock: Clock;
  readonly #turn: () => void;
  #score = 0;
  #answeredMs = 0;
  #turnedMs = 0;
  #pausedUntilMs = 0;
  #isTurning = false;

  /** @param clock - measures how quickly requests follow answers */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turn = () => this.#look();
  }

  /** Whether the loop is being kept awake. */
  get isTurning(): boolean {
    return this.#isTurning;
  }

  /** To be called when requests have come in, before they are answered. */
  arrived(): void {
    if (this.#answeredMs === 0) return;
    const isQuick = this.#clock.steadyMs() - this.#answeredMs < quickMs;
    if (isQuick) this.#score = Math.min(this.#score + 1, scoreMax);
    else this.#score = Math.max(this.#score - scoreToPoll, 0);
  }

  /** To be called when requests were answered and nothing else is to be done. */
  answered(): void {
    const nowMs = this.#clock.steadyMs();
    this.#answeredMs = nowMs;
    this.#turnedMs = nowMs;
    if (this.#isTurning || this.#score < scoreToPoll || nowMs < this.#pausedUntilMs) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  #look(): void {
    const nowMs = this.#clock.steadyMs();
    if (nowMs - this.#turnedMs > nbdPollLostMs) this.#pausedUntilMs = nowMs + nbdPollPauseMs;
    this.#turnedMs = nowMs;
    const isWorthIt = nowMs - this.#answeredMs < nbdPollMs && nowMs >= this.#pausedUntilMs;
    if (isWorthIt) setImmediate(this.#turn);
    else this.#isTurning = false;
  }
}

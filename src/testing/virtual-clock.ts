import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Micros } from '../base/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #steadyMs = 0;
  #wallMicros: Micros;
  readonly #sleepers = new Set<Sleeper>();

  /** @param startMicros - wall time at the start */
  constructor(startMicros: Micros = 1_800_000_000_000_000) {
    this.#wallMicros = startMicros;
  }

  nowMicros(): Micros {
    return this.#wallMicros;
  }

  steadyMs(): number {
    return this.#steadyMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper: Sleeper = { dueMs: this.#steadyMs + durationMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Moves the wall clock alone, as an administrator or NTP would. @param byMicros - may be negative */
  jump(byMicros: Micros): void {
    this.#wallMicros += byMicros;
  }

  /** Moves time, waking sleepers in order, and lets what they start run. @param durationMs - 0 or more */
  async advance(durationMs: number): Promise<void> {
    const end = this.#steadyMs + durationMs;
    for (;;) {
      await settle();
      const due = [...this.#sleepers].filter((sleeper) => sleeper.dueMs <= end);
      if (due.length === 0) break;
      const next = due.reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
      this.#moveTo(Math.max(next.dueMs, this.#steadyMs));
      next.wake();
    }
    this.#moveTo(end);
    await settle();
  }

  #moveTo(steadyMs: number): void {
    this.#wallMicros += Math.round((steadyMs - this.#steadyMs) * 1000);
    this.#steadyMs = steadyMs;
  }
}

/** Lets everything run that needs no time to pass; several turns, since one thing starts another. */
async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await turn();
}

import type { Awaitable } from './disk.ts';

/**
 * Starts every step before waiting for any, and ends only when all have ended: what they borrowed is then free again.
 * @param steps - operations that may complete at once or later
 * @returns nothing at once when every step completed at once
 * @throws the first step's error, after all have ended
 */
export function runAll(steps: Iterable<() => Awaitable<void>>): Awaitable<void> {
  const waiting: Promise<void>[] = [];
  for (const step of steps) {
    try {
      const result = step();
      if (result instanceof Promise) waiting.push(result);
    } catch (error) {
      return failAfter(waiting, error);
    }
  }
  return waiting.length === 0 ? undefined : allEnded(waiting);
}

async function failAfter(waiting: readonly Promise<void>[], error: unknown): Promise<never> {
  await Promise.allSettled(waiting);
  throw error;
}

async function allEnded(waiting: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(waiting)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

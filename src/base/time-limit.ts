import type { Clock } from './clock.ts';

/** How long to wait, and what it means when that was not enough. */
export interface TimeLimit {
  /** Measures the wait. */
  readonly clock: Clock;
  /** Longest wait, milliseconds. */
  readonly limitMs: number;
  /** Makes the error of a wait that took too long. */
  readonly error: () => Error;
}

/**
 * Waits for something, but not for ever. What is waited for goes on; its end is of no interest any more once the limit
 * has passed, not even its failure.
 * @param work - what is waited for
 * @param limit - see TimeLimit
 * @throws what the work throws, or the error of the limit
 */
export async function withTimeLimit<Answer>(
  work: Promise<Answer>,
  limit: TimeLimit,
): Promise<Answer> {
  const done = new AbortController();
  const late = limit.clock.sleep(limit.limitMs, done.signal).then(
    () => Promise.reject(limit.error()),
    () => work,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
    // Both may still fail behind the back of the race.
    void Promise.allSettled([work, late]);
  }
}

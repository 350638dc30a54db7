/** Lets any number of waiters go on whenever something has changed; each looks for itself whether it is what it waits for. */
export class ChangeSignal {
  #next = Promise.withResolvers<undefined>();

  /** Says that something has changed. */
  notify(): void {
    this.#next.resolve(undefined);
    this.#next = Promise.withResolvers();
  }

  /**
   * Waits for the next change.
   * @param signal - ends the wait
   * @throws the signal's reason
   */
  async next(signal: AbortSignal): Promise<void> {
    await orAborted(this.#next.promise, signal);
  }
}

/**
 * Waits for something, but not longer than until a signal.
 * @param work - what is waited for; goes on when the wait ends early
 * @param signal - ends the wait
 * @throws what the work throws, or the signal's reason
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

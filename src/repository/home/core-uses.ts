import type { Core } from './core.ts';

/**
 * Who is still reading an index that was replaced. Something long, such as a check, goes on with the index on which it began;
 * that one is closed when the last such reader has left.
 */
export class CoreUses {
  readonly #users = new Map<Core, number>();
  readonly #retired = new Map<Core, () => void>();

  /**
   * Counts one reader.
   * @param core - that it reads
   * @returns to be called once when it has ended
   */
  begin(core: Core): () => void {
    this.#users.set(core, (this.#users.get(core) ?? 0) + 1);
    return () => {
      const left = (this.#users.get(core) ?? 0) - 1;
      if (left > 0) this.#users.set(core, left);
      else {
        this.#users.delete(core);
        this.#retired.get(core)?.();
      }
    };
  }

  /**
   * Runs something long on a core.
   * @param core - that it reads
   * @param action - what to do with it
   */
  async during<T>(core: Core, action: (core: Core) => Promise<T>): Promise<T> {
    const end = this.begin(core);
    try {
      return await action(core);
    } finally {
      end();
    }
  }

  /**
   * Closes a core that nobody begins to read any more.
   * @param core - replaced by another one
   * @returns when the last reader has left and its store is closed
   */
  async retire(core: Core): Promise<void> {
    if (this.#users.has(core)) {
      await new Promise<void>((resolve) => {
        this.#retired.set(core, resolve);
      });
      this.#retired.delete(core);
    }
    await core.store.close();
  }

  /** Waits for nobody any longer: the repository is being closed. */
  giveUp(): void {
    for (const close of this.#retired.values()) close();
  }
}

import { ChangeSignal } from '../change-signal.ts';

/** Memory that many share; who asks first gets first. */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #changed = new ChangeSignal();
  #usedBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param bytesMax - all together; a single larger request is let in alone */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Memory lent out, bytes. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * Waits for memory.
   * @param bytes - how much
   * @param signal - ends the wait
   * @returns gives it back; calls after the first do nothing
   * @throws the signal's reason
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    const taking = this.#turn.then(async () => {
      while (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#bytesMax) {
        await this.#changed.next(signal);
      }
      signal.throwIfAborted();
      this.#usedBytes += bytes;
    });
    this.#turn = taking.catch(() => undefined);
    await taking;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#usedBytes -= bytes;
      this.#changed.notify();
    };
  }
}

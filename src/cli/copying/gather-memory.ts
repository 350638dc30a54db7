/** Small parts are gathered up to this, bytes: one write for each would cost more than the copying. */
export const gatherBytes: number = 1024 * 1024;

/** Buffers that files are gathered in, used again and again: contents come one after the other, so few are in use at once. */
export class GatherMemory {
  readonly #free: Buffer[] = [];

  /** Takes a buffer of gatherBytes with anything in it. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(gatherBytes);
  }

  /**
   * Gives a buffer back.
   * @param buffer - as it was taken; of no further use
   */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}

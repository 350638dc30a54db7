/** Bytes that come in pieces, taken in the lengths a protocol demands. */
export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  #queuedBytes = 0;
  #waiting:
    | { lengthBytes: number; resolve: () => void; reject: (error: Error) => void }
    | undefined;
  #failure: Error | undefined;

  /**
   * Adds bytes at the end.
   * @param chunk - given away
   */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#waiting !== undefined && this.#queuedBytes >= this.#waiting.lengthBytes) {
      this.#waiting.resolve();
      this.#waiting = undefined;
    }
  }

  /**
   * Ends the queue: whoever waits for more is told.
   * @param error - why no more come
   */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /**
   * Takes bytes from the front, waiting until there are enough. One caller at a time.
   * @param lengthBytes - how many
   */
  async take(lengthBytes: number): Promise<Buffer> {
    if (this.#queuedBytes < lengthBytes) await this.#until(lengthBytes);
    const all = this.rest();
    if (all.length > lengthBytes) this.push(all.subarray(lengthBytes));
    return all.subarray(0, lengthBytes);
  }

  /** Takes all there is now. */
  rest(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#queuedBytes = 0;
    return all;
  }

  #until(lengthBytes: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { lengthBytes, resolve, reject };
    });
  }
}

import { nbdIdleBytesMax } from '../../base/limits.ts';

/** Smallest size handed out, bytes; sizes are this times powers of two. */
const bufferBytesMin = 4096;

/** Largest size kept for the next user, bytes; larger ones are rare and go back to the system. */
const keptBytesMax = 4 * 1024 * 1024;

/** Hands out buffers for requests and keeps idle ones, so that a busy connection does not have fresh memory faulted in each time. */
export class BufferPool {
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  /**
   * Takes a buffer, with whatever it last held.
   * @param lengthBytes - length wanted, bytes
   * @returns at least that long; the caller's alone until given back
   */
  take(lengthBytes: number): Buffer {
    const size = sizeFor(lengthBytes);
    const kept = this.#idle.get(size)?.pop();
    if (kept === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return kept;
  }

  /**
   * Gives a buffer back that nobody uses any more.
   * @param buffer - as it was taken, not a part of it
   */
  give(buffer: Buffer): void {
    const size = buffer.length;
    if (size > keptBytesMax || this.#idleBytes + size > nbdIdleBytesMax) return;
    this.#idleBytes += size;
    const kept = this.#idle.get(size);
    if (kept === undefined) this.#idle.set(size, [buffer]);
    else kept.push(buffer);
  }
}

function sizeFor(lengthBytes: number): number {
  if (lengthBytes <= bufferBytesMin) return bufferBytesMin;
  return 2 ** (32 - Math.clz32(lengthBytes - 1));
}

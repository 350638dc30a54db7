import { nbdBufferBytes } from '../../base/limits.ts';
import type { BufferPool } from './buffer-pool.ts';

/** What replies are written to: a socket whose high-water mark is 1, so that 'drain' comes whenever all was taken. */
export interface ReplySocket {
  /** Whether nothing can be written any more. */
  readonly destroyed: boolean;
  /** Bytes that the kernel has not taken yet. */
  readonly writableLength: number;
  /**
   * Writes bytes, at once as far as the kernel takes them.
   * @param bytes - must stay as they are until the kernel has taken them
   */
  write(bytes: Uint8Array): boolean;
}

/**
 * Gathers the replies of one turn in a slab and writes them together. In the usual case the kernel takes all of it at once and
 * the slab is filled again from its start: then a small reply costs no allocation at all.
 *
 * Invariant: a buffer is given back to the pool only when the kernel has taken every byte written so far.
 */
export class ReplyWriter {
  readonly #socket: ReplySocket;
  readonly #pool: BufferPool;
  readonly #lent: Buffer[] = [];
  #slab: Buffer;
  #usedBytes = 0;

  /**
   * @param socket - see ReplySocket
   * @param pool - where buffers come from
   */
  constructor(socket: ReplySocket, pool: BufferPool) {
    this.#socket = socket;
    this.#pool = pool;
    this.#slab = pool.take(nbdBufferBytes);
  }

  /** What replies are gathered in; valid until the next call of reserve, flush or detach. */
  get slab(): Buffer {
    return this.#slab;
  }

  /** Whether the kernel has not taken all that was written: making more replies would only fill memory. */
  get isBlocked(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * Finds room for a reply; nothing is taken until it is committed.
   * @param lengthBytes - at most nbdBufferBytes
   * @returns where in the slab to write it
   */
  reserve(lengthBytes: number): number {
    if (this.#usedBytes + lengthBytes > this.#slab.length) this.flush();
    return this.#usedBytes;
  }

  /**
   * Adds what was written at the place reserved.
   * @param lengthBytes - at most what was reserved
   */
  commit(lengthBytes: number): void {
    this.#usedBytes += lengthBytes;
  }

  /**
   * Adds a reply that lies elsewhere.
   * @param reply - copied when small, else written as it is
   * @param owner - its buffer, given back to the pool when it is sent; none when left out
   */
  add(reply: Uint8Array, owner?: Buffer): void {
    if (reply.length > this.#slab.length >> 2) {
      this.#write(reply, owner);
      return;
    }
    const at = this.reserve(reply.length);
    this.#slab.set(reply, at);
    this.commit(reply.length);
    if (owner !== undefined) this.#pool.give(owner);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#usedBytes === 0) return;
    const slab = this.#slab;
    const gathered = slab.subarray(0, this.#usedBytes);
    this.#usedBytes = 0;
    this.#write(gathered, undefined);
    if (this.#socket.writableLength === 0) return;
    this.#lent.push(slab);
    this.#slab = this.#pool.take(nbdBufferBytes);
  }

  /**
   * Leaves the slab to somebody who still fills the place reserved; what was gathered before is sent.
   * @returns the slab; it goes back to no pool
   */
  detach(): Buffer {
    const slab = this.#slab;
    const gathered = Buffer.from(slab.subarray(0, this.#usedBytes));
    this.#usedBytes = 0;
    this.#slab = this.#pool.take(nbdBufferBytes);
    if (gathered.length > 0) this.#write(gathered, undefined);
    return slab;
  }

  /** To be called when the socket says 'drain': all lent buffers are free. */
  drained(): void {
    for (const buffer of this.#lent) this.#pool.give(buffer);
    this.#lent.length = 0;
  }

  #write(bytes: Uint8Array, owner: Buffer | undefined): void {
    if (this.#socket.destroyed) {
      if (owner !== undefined) this.#pool.give(owner);
      return;
    }
    this.#socket.write(bytes);
    if (owner !== undefined) this.#lent.push(owner);
    if (this.#socket.writableLength === 0) this.drained();
  }
}

import { SecondwindError } from '../../base/errors.ts';
import { nbdBufferBytes, nbdPayloadBytesMax } from '../../base/limits.ts';
import { command, errorNumber } from '../protocol/numbers.ts';
import {
  decodeRequest,
  emptyRequest,
  type RequestHeader,
  requestBytes,
} from '../protocol/request.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Who carries out the requests. Headers are borrowed for the call. */
export interface RequestTaker {
  /** Whether one more request may be begun; when not, bytes are held until resume. */
  readonly isReady: boolean;
  /**
   * Whether a write can be carried out at all; when not, its data is passed over.
   * @param header - the write
   * @returns error number, 0 for none
   */
  writeFault(header: RequestHeader): number;
  /**
   * Carries out a write.
   * @param header - the write
   * @param data - its data
   * @param owner - buffer of the data, to be given back to the pool; when undefined the data lies among received bytes
   * @returns whether the data is still in use
   */
  write(header: RequestHeader, data: Buffer, owner: Buffer | undefined): boolean;
  /**
   * Answers a request with an error.
   * @param header - the request
   * @param fault - error number
   */
  refuse(header: RequestHeader, fault: number): void;
  /**
   * Carries out any other request.
   * @param header - the request
   */
  request(header: RequestHeader): void;
}

/** Data still to come of at least this length is received straight into its own buffer, bytes. */
const directBytesMin = 16 * 1024;

const nothing: Buffer = Buffer.alloc(0);

/**
 * Cuts received bytes into requests, without copying where they lie whole in what was received: a small write is carried out
 * from the receive buffer, a large one is received into the buffer it is carried out from.
 *
 * Invariants: #payload is set exactly while data of a write is missing; #held is not empty only while the taker was not
 * ready, and then nothing is received.
 */
export class RequestParser {
  readonly #taker: RequestTaker;
  readonly #pool: BufferPool;
  readonly #header: RequestHeader = emptyRequest();
  readonly #partial: Buffer = Buffer.alloc(requestBytes);
  #partialBytes = 0;
  #payload: Buffer | undefined;
  #filledBytes = 0;
  #skipBytes = 0;
  #skipFault = 0;
  #received: Buffer;
  #direct: Buffer | undefined;
  #requestCount = 0;
  #held: Buffer = nothing;

  /**
   * @param taker - see RequestTaker
   * @param pool - where buffers come from
   */
  constructor(taker: RequestTaker, pool: BufferPool) {
    this.#taker = taker;
    this.#pool = pool;
    this.#received = pool.take(nbdBufferBytes);
  }

  /** Whether a request has come in part and the rest is awaited from the client. */
  get isMidRequest(): boolean {
    return this.#partialBytes > 0 || this.#payload !== undefined || this.#skipBytes > 0;
  }

  /** Requests begun so far. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** Whether bytes are held because the taker was not ready. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Where the next bytes are to be received. */
  nextBuffer(): Buffer {
    if (this.#payload === undefined) return this.#received;
    const missing = this.#header.lengthBytes - this.#filledBytes;
    if (missing < directBytesMin) return this.#received;
    this.#direct = this.#payload.subarray(this.#filledBytes, this.#header.lengthBytes);
    return this.#direct;
  }

  /**
   * Takes bytes that were received.
   * @param count - how many, bytes
   * @param buffer - where they lie: what nextBuffer gave, or any other buffer nobody writes to any more
   * @throws PROTOCOL, LIMIT_EXCEEDED: the connection must be closed
   */
  receive(count: number, buffer: Buffer): void {
    if (buffer === this.#direct && this.#payload !== undefined) {
      this.#filledBytes += count;
      this.#finishPayload(this.#payload);
    } else {
      this.#parse(buffer.length === count ? buffer : buffer.subarray(0, count));
    }
  }

  /**
   * Goes on with held bytes, as far as the taker is ready.
   * @returns whether none are held any more
   * @throws PROTOCOL, LIMIT_EXCEEDED: the connection must be closed
   */
  resume(): boolean {
    const held = this.#held;
    this.#held = nothing;
    if (held.length > 0) this.#parse(held);
    return !this.isHolding;
  }

  /** Gives back what is held; nothing may be received afterwards. */
  close(): void {
    this.#pool.give(this.#received);
    if (this.#payload !== undefined) this.#pool.give(this.#payload);
    this.#payload = undefined;
    this.#held = nothing;
  }

  #parse(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#skipBytes > 0) at += this.#skip(bytes.length - at);
      else if (this.#payload !== undefined) at += this.#fillPayload(this.#payload, bytes, at);
      else if (!this.#taker.isReady) {
        this.#held = Buffer.from(bytes.subarray(at));
        return;
      } else if (this.#partialBytes === 0 && bytes.length - at >= requestBytes) {
        this.#decode(bytes, at);
        at = this.#begin(bytes, at + requestBytes);
      } else at = this.#fillPartial(bytes, at);
    }
  }

  #fillPartial(bytes: Buffer, at: number): number {
    const end = Math.min(at + requestBytes - this.#partialBytes, bytes.length);
    bytes.copy(this.#partial, this.#partialBytes, at, end);
    this.#partialBytes += end - at;
    if (this.#partialBytes < requestBytes) return end;
    this.#partialBytes = 0;
    this.#decode(this.#partial, 0);
    return this.#begin(bytes, end);
  }

  #decode(bytes: Buffer, at: number): void {
    if (decodeRequest(bytes, at, this.#header)) return;
    const reason = 'a request does not begin with its magic number';
    throw new SecondwindError('PROTOCOL', { connection: 'the NBD client', reason });
  }

  // Begins the request in the header, whose data starts at a place; returns the place after what was used.
  #begin(bytes: Buffer, at: number): number {
    const header = this.#header;
    this.#requestCount += 1;
    if (header.command !== command.write) {
      this.#taker.request(header);
      return at;
    }
    const { lengthBytes } = header;
    if (lengthBytes > nbdPayloadBytesMax) throw tooLarge(lengthBytes);
    const fault = this.#taker.writeFault(header);
    if (fault !== errorNumber.none) {
      this.#skipFault = fault;
      this.#skipBytes = lengthBytes;
      if (lengthBytes === 0) this.#taker.refuse(header, fault);
      return at;
    }
    if (bytes.length - at >= lengthBytes) {
      this.#writeFrom(bytes.subarray(at, at + lengthBytes));
      return at + lengthBytes;
    }
    this.#payload = this.#pool.take(lengthBytes);
    this.#filledBytes = 0;
    return at;
  }

  #writeFrom(data: Buffer): void {
    const isInUse = this.#taker.write(this.#header, data, undefined);
    if (isInUse && data.buffer === this.#received.buffer) {
      this.#received = this.#pool.take(nbdBufferBytes);
    }
  }

  #fillPayload(payload: Buffer, bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#header.lengthBytes - this.#filledBytes, bytes.length);
    bytes.copy(payload, this.#filledBytes, at, end);
    this.#filledBytes += end - at;
    this.#finishPayload(payload);
    return end - at;
  }

  #finishPayload(payload: Buffer): void {
    const { lengthBytes } = this.#header;
    if (this.#filledBytes < lengthBytes) return;
    this.#payload = undefined;
    this.#direct = undefined;
    this.#taker.write(this.#header, payload.subarray(0, lengthBytes), payload);
  }

  #skip(availableBytes: number): number {
    const count = Math.min(this.#skipBytes, availableBytes);
    this.#skipBytes -= count;
    if (this.#skipBytes === 0) this.#taker.refuse(this.#header, this.#skipFault);
    return count;
  }
}

function tooLarge(value: number): SecondwindError {
  const what = 'The data of an NBD write';
  return new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: nbdPayloadBytesMax });
}

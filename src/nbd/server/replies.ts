import { chunk, chunkDone, errorNumber } from '../protocol/numbers.ts';
import {
  type Cookie,
  chunkHeaderBytes,
  encodeChunkHeader,
  encodeErrorPayload,
  encodeSimpleReply,
  simpleReplyBytes,
} from '../protocol/reply.ts';
import type { ReplyWriter } from './reply-writer.ts';

/** Replies without read data, in the form that was agreed on. */
export class Replies {
  readonly #writer: ReplyWriter;
  readonly #isStructured: boolean;

  /**
   * @param writer - where they go
   * @param isStructured - whether structured replies were agreed on
   */
  constructor(writer: ReplyWriter, isStructured: boolean) {
    this.#writer = writer;
    this.#isStructured = isStructured;
  }

  /**
   * Says that a request without read data succeeded; the short form is always allowed for that.
   * @param cookie - of the request
   */
  succeed(cookie: Cookie): void {
    this.#simple(cookie, errorNumber.none);
  }

  /**
   * Says that a read of no bytes succeeded; with structured replies a read is never answered in the short form.
   * @param cookie - of the request
   */
  succeedEmptyRead(cookie: Cookie): void {
    if (this.#isStructured) this.chunk(cookie, chunk.none, Buffer.alloc(0));
    else this.succeed(cookie);
  }

  /**
   * Says that a request failed.
   * @param cookie - of the request
   * @param error - error number, not 0
   * @param words - for people; may be empty
   */
  refuse(cookie: Cookie, error: number, words: string): void {
    if (this.#isStructured) this.chunk(cookie, chunk.error, encodeErrorPayload(error, words));
    else this.#simple(cookie, error);
  }

  /**
   * Sends a reply of one chunk.
   * @param cookie - of the request
   * @param kind - of chunk
   * @param payload - its content
   */
  chunk(cookie: Cookie, kind: number, payload: Buffer): void {
    const { cookieHigh, cookieLow } = cookie;
    const header = Buffer.allocUnsafe(chunkHeaderBytes);
    const payloadBytes = payload.length;
    encodeChunkHeader(header, 0, { flags: chunkDone, kind, cookieHigh, cookieLow, payloadBytes });
    this.#writer.add(Buffer.concat([header, payload]));
  }

  #simple(cookie: Cookie, error: number): void {
    const at = this.#writer.reserve(simpleReplyBytes);
    encodeSimpleReply(this.#writer.slab, at, cookie, error);
    this.#writer.commit(simpleReplyBytes);
  }
}

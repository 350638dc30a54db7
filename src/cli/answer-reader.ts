import { SecondwindError } from '../base/errors.ts';
import { answerHeadBytesMax } from './limits.ts';

/** Header fields, or trailers, by their names in lower case. */
export type AnswerFields = ReadonlyMap<string, string>;

/** What comes of an HTTP answer, in this order: its head, parts of its body, its end. */
export type AnswerPart =
  | { readonly kind: 'head'; readonly status: number }
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly trailers: AnswerFields };

type Expected = 'head' | 'length' | 'data' | 'gap' | 'trailers' | 'nothing';

const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');
const emptyLine = Buffer.from('\r\n');

/**
 * Reads the answers of our own server to requests for contents, which come in pieces of any length. Node's own client makes a new buffer for each 64 KiB that it
 * reads, and collecting them took it longer than all the rest; here parts of the body lie in the buffer that the socket was read into.
 * @source RFC 9112, sections 4, 6 and 7.1
 */
export class AnswerReader {
  #expected: Expected = 'head';
  /** The head, a line or the trailers, as far as they have come. */
  #words: Buffer = Buffer.alloc(0);
  /** Bytes of the body that come before something else does. */
  #left = 0;
  #isChunked = false;

  /** Whether the answer has come to its end. */
  get isOver(): boolean {
    return this.#expected === 'nothing';
  }

  /**
   * Takes a piece of the answer.
   * @param bytes - borrowed until the parts were taken
   * @returns parts that it completes
   * @throws PROTOCOL
   */
  *take(bytes: Uint8Array): Generator<AnswerPart> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#expected === 'nothing') throw notUnderstood('something follows its end');
      if (this.#expected === 'data') {
        const part = bytes.subarray(at, at + this.#left);
        at += part.length;
        yield* this.#passData(part);
      } else {
        at += this.#gather(bytes.subarray(at));
        yield* this.#passWords();
      }
    }
  }

  *#passData(part: Uint8Array): Generator<AnswerPart> {
    this.#left -= part.length;
    if (this.#left === 0) this.#expected = this.#isChunked ? 'gap' : 'nothing';
    yield { kind: 'body', bytes: part };
    if (this.#expected === 'nothing') yield { kind: 'end', trailers: new Map() };
  }

  // Takes words up to their end; returns the number of bytes that belonged to them.
  #gather(bytes: Uint8Array): number {
    const before = this.#words.length;
    const words = Buffer.concat([this.#words, bytes.subarray(0, answerHeadBytesMax)]);
    const end = this.#endOf(words);
    this.#words = end === undefined ? words : words.subarray(0, end);
    if (this.#words.length > answerHeadBytesMax) throw notUnderstood('its head is too long');
    return this.#words.length - before;
  }

  /** Where the expected words end; undefined while that has not come. */
  #endOf(words: Buffer): number | undefined {
    const isBlock = this.#expected === 'head' || this.#expected === 'trailers';
    // No trailers at all are one empty line.
    const isEmpty = this.#expected === 'trailers' && words.subarray(0, 2).equals(emptyLine);
    const mark = isBlock && !isEmpty ? headEnd : lineEnd;
    const found = words.indexOf(mark);
    return found < 0 ? undefined : found + mark.length;
  }

  *#passWords(): Generator<AnswerPart> {
    if (this.#endOf(this.#words) === undefined) return;
    const text = this.#words.toString('latin1').trimEnd();
    this.#words = Buffer.alloc(0);
    switch (this.#expected) {
      case 'head':
        yield* this.#passHead(text);
        return;
      case 'length':
        this.#left = chunkLength(text);
        this.#expected = this.#left === 0 ? 'trailers' : 'data';
        return;
      case 'gap':
        if (text !== '') throw notUnderstood('a piece is longer than it said');
        this.#expected = 'length';
        return;
      default:
        this.#expected = 'nothing';
        yield { kind: 'end', trailers: fieldsOf(text) };
    }
  }

  *#passHead(text: string): Generator<AnswerPart> {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
    if (status === undefined) throw notUnderstood('it is no HTTP');
    const fields = fieldsOf(text.slice(text.indexOf('\r\n') + 2));
    this.#isChunked = fields.get('transfer-encoding') === 'chunked';
    this.#left = this.#isChunked ? 0 : wholeNumber(fields.get('content-length') ?? '', 10);
    this.#expected = this.#isChunked ? 'length' : this.#left === 0 ? 'nothing' : 'data';
    yield { kind: 'head', status: Number(status) };
    if (this.isOver) yield { kind: 'end', trailers: new Map() };
  }
}

function chunkLength(text: string): number {
  return wholeNumber(text.split(';')[0]!.trim(), 16);
}

function wholeNumber(text: string, radix: 10 | 16): number {
  const form = radix === 10 ? /^\d{1,15}$/ : /^[\da-f]{1,12}$/i;
  if (!form.test(text)) throw notUnderstood('a length is missing');
  return Number.parseInt(text, radix);
}

function fieldsOf(text: string): AnswerFields {
  const lines = text === '' ? [] : text.split('\r\n');
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon <= 0) throw notUnderstood('a field has no name');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function notUnderstood(reason: string): SecondwindError {
  return new SecondwindError('PROTOCOL', { connection: 'the local socket', reason });
}

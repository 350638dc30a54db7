import { FormatFault } from './format-fault.ts';

/**
 * Messages of the exchange on a byte stream (docs/formats/exchange.md):
 *
 *   size field
 *      4 length of the body, bytes
 *      1 kind
 *      … body
 */
export interface ExchangeFrame {
  /** What the body is: see exchange-message.ts. */
  readonly kind: number;
  /** Borrowed from what was received. */
  readonly body: Uint8Array;
}

/** Bytes before each body. */
export const exchangeFrameHeadBytes = 5;

/**
 * Encodes what stands before a body.
 * @param kind - 0 to 255
 * @param bodyBytes - its length
 */
export function encodeExchangeHead(kind: number, bodyBytes: number): Uint8Array {
  const head = new Uint8Array(exchangeFrameHeadBytes);
  new DataView(head.buffer).setUint32(0, bodyBytes, true);
  head[4] = kind;
  return head;
}

/** Cuts a stream of bytes into messages, however it was cut into pieces on its way. It never holds more than one message and one piece. */
export class ExchangeFrameReader {
  readonly #bodyBytesMax: number;
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;

  /** @param bodyBytesMax - a longer body is a fault, noticed before any of it is kept */
  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /**
   * Takes the next piece.
   * @param piece - kept until its messages were given out; not to be changed
   */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
  }

  /**
   * Gives out the next message.
   * @returns undefined when more bytes are needed
   * @throws FormatFault when its body is too long
   */
  next(): ExchangeFrame | undefined {
    if (this.#heldBytes < exchangeFrameHeadBytes) return undefined;
    const head = this.#join(exchangeFrameHeadBytes);
    const bodyBytes = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
    if (bodyBytes > this.#bodyBytesMax) throw new FormatFault('a message is too long', 0);
    const wholeBytes = exchangeFrameHeadBytes + bodyBytes;
    if (this.#heldBytes < wholeBytes) return undefined;
    const whole = this.#join(wholeBytes);
    this.#pieces[0] = whole.subarray(wholeBytes);
    if (this.#pieces[0].length === 0) this.#pieces.shift();
    this.#heldBytes -= wholeBytes;
    return { kind: whole[4]!, body: whole.subarray(exchangeFrameHeadBytes, wholeBytes) };
  }

  /** Makes the first piece at least so long. */
  #join(lengthBytes: number): Uint8Array {
    const first = this.#pieces[0]!;
    if (first.length >= lengthBytes) return first;
    let count = 0;
    for (let held = 0; held < lengthBytes; count++) held += this.#pieces[count]!.length;
    const joined = Buffer.concat(this.#pieces.slice(0, count));
    this.#pieces.splice(0, count, joined);
    return joined;
  }
}

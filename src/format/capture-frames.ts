import { type CaptureHead, captureHeadBytes, decodeCaptureHead } from './write-capture.ts';

/** A frame of the stream of captured writes. */
export interface CaptureFrame {
  /** Its head. */
  readonly head: CaptureHead;
  /** Its payload: part of what was pushed, not a copy where that was possible. */
  readonly payload: Uint8Array;
}

/** Finds the frames in a stream of captured writes that comes in pieces of any size. */
export class CaptureFrames {
  #parts: Uint8Array[] = [];
  #waitingBytes = 0;
  #head: CaptureHead | undefined;

  /**
   * Takes the next piece.
   * @param piece - borrowed for as long as any frame that came out of it
   * @returns the frames that are complete now
   * @throws FormatFault; the stream cannot be understood from there on
   */
  *push(piece: Uint8Array): Generator<CaptureFrame> {
    this.#parts.push(piece);
    this.#waitingBytes += piece.length;
    while (this.#waitingBytes >= this.#wantedBytes) {
      const bytes = this.#take(this.#wantedBytes);
      const head = this.#head ?? decodeCaptureHead(bytes);
      if (this.#head === undefined && head.payloadBytes > 0) {
        this.#head = head;
        continue;
      }
      const payload = this.#head === undefined ? bytes.subarray(0, 0) : bytes;
      this.#head = undefined;
      yield { head, payload };
    }
  }

  get #wantedBytes(): number {
    return this.#head?.payloadBytes ?? captureHeadBytes;
  }

  #take(lengthBytes: number): Uint8Array {
    const [first] = this.#parts;
    // Pieces are brought together only where a frame goes over their border.
    const whole = first!.length >= lengthBytes ? first! : Buffer.concat(this.#parts);
    const rest = whole.subarray(lengthBytes);
    this.#parts = whole === first ? [rest, ...this.#parts.slice(1)] : [rest];
    this.#waitingBytes -= lengthBytes;
    return whole.subarray(0, lengthBytes);
  }
}

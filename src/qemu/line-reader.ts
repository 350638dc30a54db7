import { SecondwindError } from '../base/errors.ts';
import { guestLineBytesMax } from '../base/limits.ts';

const newline = 0x0a;

/** Cuts what arrives from a guest's sockets into lines. The other side may be hostile: a line has a limit. */
export class LineReader {
  readonly #connection: string;
  #pieces: Buffer[] = [];
  #lengthBytes = 0;

  /** @param connection - what the other side is called in errors */
  constructor(connection: string) {
    this.#connection = connection;
  }

  /**
   * Takes what has arrived.
   * @param chunk - kept until the line that it belongs to is complete
   * @returns the lines that are complete now, without their ends
   * @throws PROTOCOL when a line is too long
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, end));
      lines.push(Buffer.concat(this.#pieces).toString('utf8').trim());
      this.#pieces = [];
      this.#lengthBytes = 0;
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    return lines.filter((line) => line !== '');
  }

  #add(piece: Buffer): void {
    this.#lengthBytes += piece.length;
    if (this.#lengthBytes > guestLineBytesMax) {
      const reason = `a line is longer than ${guestLineBytesMax} bytes`;
      throw new SecondwindError('PROTOCOL', { connection: this.#connection, reason });
    }
    if (piece.length > 0) this.#pieces.push(piece);
  }
}

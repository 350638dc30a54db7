import { Blake3Hasher } from '@napi-rs/blake-hash';
import { chunkNameBytes } from '../format/chunk-group.ts';

/** Names chunks by the keyed BLAKE3 of their content, with one hasher for many. */
export class ChunkNamer {
  readonly #hasher: Blake3Hasher;

  /** @param nameKey - 32 bytes */
  constructor(nameKey: Uint8Array) {
    this.#hasher = Blake3Hasher.newKeyed(Buffer.from(nameKey));
  }

  /**
   * Names one chunk.
   * @param content - its bytes, borrowed
   * @param target - receives the name
   * @param offsetBytes - where
   */
  name(content: Uint8Array, target: Buffer, offsetBytes: number): void {
    this.#hasher.reset();
    this.#hasher.update(content);
    // As text: the binding's own buffer for every digest costs more than writing the digits down and reading them again.
    target.write(this.#hasher.digest('hex'), offsetBytes, chunkNameBytes, 'hex');
  }
}

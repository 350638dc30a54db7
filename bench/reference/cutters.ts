import { SeededRandom } from '../data/seeded-random.ts';

/** Finds the end of the chunk that begins at the start of some bytes. */
export interface Cutter {
  /** Name in the table. */
  readonly name: string;
  /** Longest chunk, bytes. */
  readonly chunkBytesMax: number;
  /**
   * Cuts.
   * @param bytes - from the start of a chunk to its longest end, or to the end of the data
   * @returns length of the chunk, bytes
   */
  cut(bytes: Uint8Array): number;
}

/**
 * Chunks of one length.
 * @param name - in the table
 * @param chunkBytes - their length
 */
export function fixedCutter(name: string, chunkBytes: number): Cutter {
  return { name, chunkBytesMax: chunkBytes, cut: (bytes) => Math.min(bytes.length, chunkBytes) };
}

/**
 * Byte-wise content-defined chunks of 1 MiB on average, by a gear hash, with restic's bounds.
 * @param name - in the table
 */
export function contentCutter(name: string): Cutter {
  const [chunkBytesMin, chunkBytesMax, averageBits] = [512 * 1024, 8 * 2 ** 20, 20];
  const random = new SeededRandom(5);
  const gear = Int32Array.from({ length: 256 }, () => random.below(2 ** 32) | 0);
  // The high bits depend on the most bytes.
  const mask = (2 ** averageBits - 1) << (32 - averageBits);
  const cut = (bytes: Uint8Array): number => {
    let hash = 0;
    const warmUp = 64;
    for (let at = chunkBytesMin - warmUp; at < bytes.length; at++) {
      hash = ((hash << 1) + gear[bytes[at]!]!) | 0;
      if (at >= chunkBytesMin && (hash & mask) === 0) return at + 1;
    }
    return bytes.length;
  };
  return { name, chunkBytesMax, cut };
}

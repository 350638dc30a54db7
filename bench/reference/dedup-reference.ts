import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Cutter } from './cutters.ts';

/** What is left of some images when equal chunks are kept once. */
export interface DedupFigures {
  /** Bytes of all blocks of 4 KiB that are not zero. */
  readonly dataBytes: number;
  /** Bytes of all different chunks that are not zero. */
  readonly uniqueBytes: number;
  /** Different chunks. */
  readonly chunkCount: number;
}

const blockBytes = 4096;
const zeroBlock = Buffer.alloc(blockBytes);
const windowBytes = 32 * 2 ** 20;

/**
 * Cuts images and counts what is different.
 * @param images - their paths
 * @param cutter - how to cut
 */
export function measureDedup(images: readonly string[], cutter: Cutter): DedupFigures {
  const names = new Set<string>();
  let dataBytes = 0;
  let uniqueBytes = 0;
  for (const image of images) {
    for (const chunk of chunksOf(image, cutter)) {
      const chunkDataBytes = countData(chunk);
      dataBytes += chunkDataBytes;
      const name = createHash('sha256').update(chunk).digest('base64');
      if (chunkDataBytes === 0 || names.has(name)) continue;
      names.add(name);
      uniqueBytes += chunk.length;
    }
  }
  return { dataBytes, uniqueBytes, chunkCount: names.size };
}

/** The chunks of a file, each valid until the next one is asked for. */
function* chunksOf(image: string, cutter: Cutter): Generator<Buffer> {
  const file = openSync(image, 'r');
  try {
    const { size } = fstatSync(file);
    const window = Buffer.alloc(windowBytes);
    let held = 0;
    let readTo = 0;
    while (readTo < size || held > 0) {
      const length = readSync(file, window, held, windowBytes - held, readTo);
      readTo += length;
      held += length;
      let at = 0;
      while (at < held && (readTo >= size || held - at >= cutter.chunkBytesMax)) {
        const rest = window.subarray(at, Math.min(held, at + cutter.chunkBytesMax));
        const end = at + cutter.cut(rest);
        yield window.subarray(at, end);
        at = end;
      }
      window.copyWithin(0, at, held);
      held -= at;
    }
  } finally {
    closeSync(file);
  }
}

/** Zero blocks are counted by their place in the chunk: exact where chunks are cut at blocks, near enough elsewhere. */
function countData(chunk: Buffer): number {
  let dataBytes = 0;
  for (let at = 0; at < chunk.length; at += blockBytes) {
    const block = chunk.subarray(at, at + blockBytes);
    if (!block.equals(zeroBlock.subarray(0, block.length))) dataBytes += block.length;
  }
  return dataBytes;
}

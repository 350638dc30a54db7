import { readFileSync } from 'node:fs';
import { tool } from '../nbd/served.ts';

/** How the WOF driver may compress, by the number of it in a reparse point. */
export const wofAlgorithms = [
  { number: 0, name: 'XPRESS', chunkBytes: 4096 },
  { number: 1, name: 'LZX', chunkBytes: 32_768 },
  { number: 2, name: 'XPRESS', chunkBytes: 8192 },
  { number: 3, name: 'XPRESS', chunkBytes: 16_384 },
] as const;

/** One of wofAlgorithms. */
export type WofAlgorithm = (typeof wofAlgorithms)[number];

/**
 * Compresses files as the WOF driver stores them: in Windows image files the same algorithms lie in the same form.
 * @param folder - with files, no folders; an image file is made beside it
 * @param algorithm - one of wofAlgorithms
 * @returns what the stream "WofCompressedData" would hold, by the file's name; without those that would not shrink
 */
export async function compressAsWof(
  folder: string,
  algorithm: WofAlgorithm,
): Promise<ReadonlyMap<string, Buffer>> {
  const image = `${folder}-${algorithm.number}.wim`;
  const words = [`--compress=${algorithm.name}`, `--chunk-size=${algorithm.chunkBytes}`];
  await tool('wimlib-imagex', 'capture', folder, image, '--no-acls', ...words);
  const listing = await tool('wimlib-imagex', 'dir', image, '--detailed');
  const bytes = readFileSync(image);
  const streams = new Map<string, Buffer>();
  for (const entry of listing.split(/^-+$/m)) {
    const name = /^Full Path\s*= "\/(.+)"$/m.exec(entry)?.[1];
    const length = Number(/^Compressed size\s*= (\d+)/m.exec(entry)?.[1]);
    const start = Number(/^Offset in WIM\s*= (\d+)/m.exec(entry)?.[1]);
    const isCompressed = entry.includes('WIM_RESHDR_FLAG_COMPRESSED');
    if (name !== undefined && isCompressed)
      streams.set(name, bytes.subarray(start, start + length));
  }
  return streams;
}

/**
 * A reparse point that says how a file is compressed.
 * @param algorithm - one of wofAlgorithms
 */
export function wofReparsePoint(algorithm: WofAlgorithm): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(0x8000_0017, 0);
  bytes.writeUInt16LE(16, 4);
  for (const [index, value] of [1, 2, 1, algorithm.number].entries()) {
    bytes.writeUInt32LE(value, 8 + 4 * index);
  }
  return bytes;
}

import { type Random, seededRandom } from '../../src/base/random.ts';

/**
 * Bytes as disks hold them: runs of data and of zeroes of any length, a few of them single blocks.
 * @param sizeBytes - size, bytes
 * @param seed - decides the content
 */
export function diskContent(sizeBytes: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const content = Buffer.alloc(sizeBytes);
  let at = 0;
  while (at < sizeBytes) {
    const length = Math.min(runBytes(random), sizeBytes - at);
    if (random.uint32() % 2 === 0) random.fill(content.subarray(at, at + length));
    at += length;
  }
  return content;
}

/**
 * Overwrites random blocks.
 * @param content - changed in place
 * @param count - blocks
 * @param seed - decides which
 */
export function scribble(content: Buffer, count: number, seed: number): void {
  const random = seededRandom(seed);
  for (let index = 0; index < count; index++) {
    const at = (random.uint32() % Math.ceil(content.length / 4096)) * 4096;
    const block = content.subarray(at, at + 4096);
    if (random.uint32() % 4 === 0) block.fill(0);
    else random.fill(block);
  }
}

function runBytes(random: Random): number {
  const sizes = [4096, 4096, 12_288, 65_536, 300_000, 1_048_576, 3_000_000];
  return sizes[random.uint32() % sizes.length]!;
}

import { open } from 'node:fs/promises';
import { runCommand } from '../measure/run-command.ts';
import { SeededRandom } from './seeded-random.ts';

const blockBytes = 4096;

/**
 * Copies an image and overwrites a part of its blocks, chosen at random, with random bytes.
 * @param image - what to copy
 * @param copy - made anew
 * @param share - part of all blocks to change, 0 to 1
 * @returns bytes changed
 */
export async function changeCopy(image: string, copy: string, share: number): Promise<number> {
  await runCommand({ program: 'cp', args: ['--sparse=always', image, copy] });
  const file = await open(copy, 'r+');
  try {
    const { size } = await file.stat();
    const random = new SeededRandom(2);
    const blockCount = Math.floor(size / blockBytes);
    const chosen = new Set<number>();
    while (chosen.size < Math.ceil(blockCount * share)) chosen.add(random.below(blockCount));
    const block = Buffer.alloc(blockBytes);
    for (const number of chosen) {
      random.fill(block);
      await file.write(block, 0, blockBytes, number * blockBytes);
    }
    await file.sync();
    return chosen.size * blockBytes;
  } finally {
    await file.close();
  }
}

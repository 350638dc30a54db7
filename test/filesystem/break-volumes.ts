import assert from 'node:assert/strict';
import { happens, integerBelow, oneOf, seededRandom } from '../../src/base/random.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import type { ByteRange } from '../../src/filesystem/file-system.ts';
import { findVolumes } from '../../src/filesystem/find-volumes.ts';

/** A sound disk, and where to break it. */
export interface BreakableDisk {
  readonly image: Buffer;
  readonly structures: readonly ByteRange[];
  /** Makes checksums right again, in place, so that what lies behind them is reached. */
  readonly repair?: (image: Buffer) => void;
}

/**
 * Breaks a disk many times: its volumes are found or refused, and every one that is shown can be read to its end.
 * @param disk - the disk
 * @param seed - decides everything
 * @param cases - how many times
 * @returns volumes shown that may be looked into, and refused
 */
export async function breakVolumes(
  disk: BreakableDisk,
  seed: number,
  cases: number,
): Promise<{ shown: number; refused: number }> {
  const counts = { shown: 0, refused: 0 };
  for (let index = 0; index < cases; index += 1) {
    const broken = brokenCopy(disk, seed + index);
    const volumes = await findVolumes([{ name: 'sda', disk: broken }]);
    for (const volume of volumes) {
      counts[volume.refusal === undefined ? 'shown' : 'refused'] += 1;
      const { sizeBytes } = volume.disk;
      assert.equal(volume.sizeBytes, sizeBytes, `seed ${seed + index}`);
      if (sizeBytes > 0) await volume.disk.read(Buffer.alloc(1), sizeBytes - 1);
    }
  }
  return counts;
}

function brokenCopy({ image, structures, repair }: BreakableDisk, seed: number): MemoryDisk {
  const random = seededRandom(seed);
  const copy = Buffer.from(image);
  for (let change = 1 + integerBelow(random, 4); change > 0; change -= 1) {
    const { offsetBytes, lengthBytes } = oneOf(random, structures);
    const at = offsetBytes + integerBelow(random, lengthBytes - 4);
    if (happens(random, 0.5)) copy[at] = random.uint32() & 0xff;
    else copy.writeUInt32LE(oneOf(random, [0, 1, 0x7fffffff, 0xffffffff, random.uint32()]), at);
  }
  if (happens(random, 0.8)) repair?.(copy);
  const disk = new MemoryDisk(copy.length);
  disk.write(copy, 0);
  return disk;
}

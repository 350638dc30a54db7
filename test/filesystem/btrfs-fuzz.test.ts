import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { checksumKind } from '../../src/filesystem/btrfs/checksum.ts';
import { btrfsReader } from '../../src/filesystem/btrfs/reader.ts';
import type { ByteRange } from '../../src/filesystem/file-system.ts';
import { DiskImage } from './disk-image.ts';
import { fuzzImage } from './fuzz-images.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const cases = Number(process.env['CASES'] ?? 100);
const nodeBytes = 4096;
const checksumBytes = 32;

test(`survives images that were broken on purpose, checksums repaired, seed ${seed}`, async () => {
  const make = ['-q', '--mixed', '-n', String(nodeBytes)];
  await using image = await DiskImage.make(17 * 1024 * 1024, ['mkfs.btrfs', ...make]);
  await image.mounted(['-o', 'compress-force=lzo'], (folder) => {
    const size = { files: 25, directories: 4, contentBytesMax: 20_000 };
    growTree(seededRandom(7), folder, unixAbilities, size);
    execFileSync('sh', ['-c', 'btrfs subvolume snapshot "$1" "$1/snapshot"', 'sh', folder]);
  });
  const bytes = readFileSync(image.path);
  const structures = await structuresOf(bytes);
  const fuzz = { reader: btrfsReader, image: bytes, structures, repair };
  const report = await fuzzImage(fuzz, { seed, cases });
  assert(report.opened > cases / 2 && report.refused > cases / 10, JSON.stringify(report));
});

async function structuresOf(image: Buffer): Promise<readonly ByteRange[]> {
  const disk = new MemoryDisk(image.length);
  disk.write(image, 0);
  const fileSystem = await btrfsReader.open(disk);
  const owners = (await Array.fromAsync(fileSystem.owners())).flat();
  await fileSystem.close();
  return owners.filter(({ use }) => use !== 'content');
}

/** Superblock and nodes have the checksum at the same place, and behind it the UUID of the file system. */
function repair(image: Buffer, changed: readonly number[]): void {
  const uuid = image.subarray(65_536 + 32, 65_536 + 48);
  for (const at of changed) {
    const start = at - (at % nodeBytes);
    const node = image.subarray(start, start + nodeBytes);
    if (node.length === nodeBytes && node.subarray(32, 48).equals(uuid))
      node.set(checksumKind(0)!.sum(node.subarray(checksumBytes)));
  }
}

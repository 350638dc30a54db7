import assert from 'node:assert/strict';
import type { Random } from '../../../src/base/random.ts';
import type { FileSystemReader } from '../../../src/filesystem/file-system.ts';
import { findVolumes } from '../../../src/filesystem/find-volumes.ts';
import { fileSystemReaders } from '../../../src/filesystem/readers.ts';
import type { BreakableImage } from '../breakable-image.ts';
import type { ImageOutcome, ImageSpan, ImageTarget } from '../image-target.ts';
import { useFileSystem } from '../use-file-system.ts';
import { repairBtrfs, repairExfat, repairGpt, repairLvm, repairXfs } from './image-checksums.ts';

interface Place {
  readonly headBytes: number;
  readonly repair?: (image: BreakableImage) => void;
}

/** A target that reads a file system. */
function fileSystemTarget(name: string, kind: string, place: Place): ImageTarget {
  const reader = fileSystemReaders.find(({ kinds }) => kinds.some((own) => own === kind));
  assert(reader !== undefined, `somebody reads ${kind}`);
  return {
    name,
    ...place,
    structures: (image) => structuresOf(reader, image),
    use: (image, random) => useFileSystem(reader, image, random),
  };
}

/** Everything but contents, and of each file what it lies in itself. */
async function structuresOf(
  reader: FileSystemReader,
  image: BreakableImage,
): Promise<readonly ImageSpan[]> {
  const fileSystem = await reader.open(image);
  const spans: ImageSpan[] = [];
  for await (const batch of fileSystem.owners())
    spans.push(...batch.filter(({ use }) => use !== 'content' && use !== 'log'));
  for await (const batch of fileSystem.walk()) {
    for (const { status } of batch) spans.push(...(await fileSystem.ranges(status.id)).slice(0, 1));
  }
  await fileSystem.close();
  return spans;
}

const btrfsAt = {
  superblock: 65_536,
  uuid: 32,
  uuidEnd: 48,
  superblockGeneration: 72,
  generation: 80,
};

/** The superblock and what was logged since the last commit: nodes of 4 KiB of the generation that would be next. */
async function btrfsLog({ bytes }: BreakableImage): Promise<readonly ImageSpan[]> {
  const { superblock, uuid, uuidEnd, superblockGeneration, generation } = btrfsAt;
  const own = bytes.subarray(superblock + uuid, superblock + uuidEnd);
  const next = bytes.readBigUInt64LE(superblock + superblockGeneration) + 1n;
  const spans: ImageSpan[] = [{ offsetBytes: superblock, lengthBytes: 4096 }];
  for (let at = superblock + 4096; at + 4096 <= bytes.length; at += 4096) {
    const isNode = bytes.subarray(at + uuid, at + uuidEnd).equals(own);
    if (isNode && bytes.readBigUInt64LE(at + generation) === next)
      spans.push({ offsetBytes: at, lengthBytes: 4096 });
  }
  return spans;
}

/** A target that finds the volumes of a disk. */
function diskTarget(
  name: string,
  structures: readonly ImageSpan[],
  repair?: (image: BreakableImage) => void,
): ImageTarget {
  return {
    name,
    headBytes: structures[0]!.offsetBytes,
    structures: async () => structures,
    use: useVolumes,
    ...(repair === undefined ? {} : { repair }),
  };
}

/** Every volume is refused with a reason, or can be read to its end. */
async function useVolumes(image: BreakableImage, random: Random): Promise<ImageOutcome> {
  const volumes = await findVolumes([{ name: 'sda', disk: image }]);
  for (const { disk, sizeBytes, refusal } of volumes) {
    assert.equal(sizeBytes, disk.sizeBytes, 'a volume is as large as it says');
    assert.notEqual(refusal, '');
    if (sizeBytes === 0) continue;
    await disk.read(Buffer.alloc(1), sizeBytes - 1);
    await disk.read(Buffer.alloc(1), Math.floor((sizeBytes - 1) * (random.uint32() / 2 ** 32)));
  }
  const refused = volumes.filter(({ refusal }) => refusal !== undefined);
  return { isOpened: refused.length < volumes.length, findings: refused.length };
}

const sector = (offsetBytes: number): ImageSpan => ({ offsetBytes, lengthBytes: 512 });
const mebi = 2 ** 20;

/** Readers of file systems and of what disks are divided by. */
export const imageTargets: readonly ImageTarget[] = [
  fileSystemTarget('ext4', 'ext4', { headBytes: 1024 }),
  fileSystemTarget('ext2', 'ext2', { headBytes: 1024 }),
  fileSystemTarget('ntfs', 'ntfs', { headBytes: 0 }),
  fileSystemTarget('xfs', 'xfs', { headBytes: 0, repair: repairXfs }),
  fileSystemTarget('xfs-v4', 'xfs', { headBytes: 0 }),
  fileSystemTarget('btrfs', 'btrfs', { headBytes: 65_536, repair: repairBtrfs }),
  {
    ...fileSystemTarget('btrfs-log', 'btrfs', { headBytes: 65_536, repair: repairBtrfs }),
    structures: btrfsLog,
  },
  fileSystemTarget('fat12', 'fat12', { headBytes: 0 }),
  fileSystemTarget('fat16', 'fat16', { headBytes: 0 }),
  fileSystemTarget('fat32', 'fat32', { headBytes: 0 }),
  fileSystemTarget('exfat', 'exfat', { headBytes: 0, repair: repairExfat }),
  fileSystemTarget('iso', 'iso9660', { headBytes: 32_768 }),
  diskTarget('gpt', [512, 0, 1024, 4 * mebi - 512].map(sector), repairGpt),
  diskTarget('mbr', [0, mebi, mebi + 512].map(sector)),
  diskTarget('lvm', [{ offsetBytes: 0, lengthBytes: mebi }], repairLvm),
];

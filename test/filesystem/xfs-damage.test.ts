import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import type { ByteRange, Finding } from '../../src/filesystem/file-system.ts';
import { checksumOf } from '../../src/filesystem/xfs/checksum.ts';
import { xfsReader } from '../../src/filesystem/xfs/reader.ts';
import { DiskImage } from './disk-image.ts';
import { fuzzImage } from './fuzz-images.ts';
import { python } from './python.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const cases = Number(process.env['CASES'] ?? 150);
const imageBytes = 16 * 1024 * 1024;

/** A small image with every form of structure, in memory. */
async function smallImage(): Promise<Buffer> {
  await using image = await DiskImage.make(imageBytes, [
    'mkfs.xfs',
    ...['-q', '--unsupported', '-b', 'size=1024'],
  ]);
  await image.mounted([], (folder) => {
    const size = { files: 25, directories: 4, contentBytesMax: 20_000 };
    growTree(seededRandom(7), folder, unixAbilities, size);
    python(makeForms, [folder]);
  });
  return readFileSync(image.path);
}

const makeForms = `
import os, sys
os.chdir(sys.argv[1])
with open('pieces', 'wb') as pieces:
    for piece in range(60): os.pwrite(pieces.fileno(), b'p', piece * 8192)
open('rich', 'w').close()
for number in range(30): os.setxattr('rich', 'user.n%d' % number, b'v' * number)
os.setxattr('rich', 'user.long', b'l' * 5000)
os.mkdir('many')
for number in range(550): os.link('rich', 'many/%d-%s' % (number, 'n' * 20))
`;

const shared = smallImage();

function diskOf(image: Buffer): MemoryDisk {
  const disk = new MemoryDisk(image.length);
  disk.write(image, 0);
  return disk;
}

test('reads by a copy of the superblock when the first is lost', async () => {
  await using image = await DiskImage.make(320 * 1024 * 1024, ['mkfs.xfs', '-q']);
  await image.mounted([], (folder) => writeFileSync(join(folder, 'file'), 'content'));
  await writeAt(image.path, Buffer.alloc(512), 0);
  await image.read(async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /a copy was used/);
    assert.notEqual(await fileSystem.find(fileSystem.root, 'file'), undefined);
  });
});

async function writeAt(path: string, bytes: Buffer, offsetBytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.length, offsetBytes);
  } finally {
    await file.close();
  }
}

test('does not guess at features that it does not know', async () => {
  const image = Buffer.from(await shared);
  image.writeUInt32BE(image.readUInt32BE(216) | 0x100, 216);
  image.writeUInt32LE(checksumOf(image.subarray(0, 512), 224), 224);
  await assert.rejects(xfsReader.open(diskOf(image)), (error) =>
    isSecondwindError(error, 'CANNOT_LOOK_INSIDE'),
  );
});

test('finds every metadata block that was changed by one bit, and reads on', async () => {
  const image = Buffer.from(await shared);
  const fileSystem = await xfsReader.open(diskOf(image));
  const damaged = await fileSystem.find(fileSystem.root, 'many');
  const [, names] = await fileSystem.ranges(damaged!.id);
  image[names!.offsetBytes + 200]! ^= 1;
  const broken = await xfsReader.open(diskOf(image));
  const findings: Finding[] = [];
  let metCount = 0;
  for await (const files of broken.walk((finding) => findings.push(finding)))
    metCount += files.length;
  assert(metCount > 25);
  assert.equal(findings[0]?.offsetBytes, names!.offsetBytes);
  assert.match(findings[0].structure, /directory/);
  await assert.rejects(Array.fromAsync(broken.list(damaged!.id)), (error) =>
    isSecondwindError(error, 'FILE_SYSTEM_DAMAGED'),
  );
});

test(`survives images that were broken on purpose, checksums repaired, seed ${seed}`, async () => {
  const image = await shared;
  const fileSystem = await xfsReader.open(diskOf(image));
  const structures: ByteRange[] = [{ offsetBytes: 0, lengthBytes: 512 }];
  for await (const owners of fileSystem.owners())
    structures.push(...owners.filter(({ use }) => use !== 'content' && use !== 'log'));
  const report = await fuzzImage({ reader: xfsReader, image, structures, repair }, { seed, cases });
  assert(report.opened > cases / 2 && report.refused > cases / 10, JSON.stringify(report));
});

/** Length of a structure and where its checksum lies in it, by the magic number at the start. */
const checksumOffsets: Readonly<Record<string, number>> = {
  '512 XFSB': 224,
  '512 XAGF': 216,
  '512 XAGI': 312,
  '1024 BMA3': 64,
  '1024 AB3B': 52,
  '1024 IAB3': 52,
  '1024 XARM': 12,
  '1024 XSLM': 12,
  '4096 XDB3': 4,
  '4096 XDD3': 4,
};
const directoryMagics = new Set([0x3ebe, 0x3dff, 0x3df1]);
const attributeMagics = new Set([0x3ebe, 0x3bee]);

/** A changed byte may lie in an inode, in a block, or in a directory block of four blocks, wherever that begins. */
function repair(image: Buffer, changed: readonly number[]): void {
  for (const at of changed) {
    const block = at - (at % 1024);
    repairAt(image, at - (at % 512), 512);
    repairAt(image, block, 1024);
    for (let start = Math.max(0, block - 3072); start <= block; start += 1024)
      repairAt(image, start, 4096);
  }
}

function repairAt(image: Buffer, start: number, lengthBytes: number): void {
  const structure = image.subarray(start, start + lengthBytes);
  if (structure.length < lengthBytes) return;
  const offset = checksumOffset(structure);
  if (offset !== undefined) structure.writeUInt32LE(checksumOf(structure, offset), offset);
}

function checksumOffset(structure: Buffer): number | undefined {
  const { length } = structure;
  if (structure.toString('latin1', 0, 2) === 'IN') return length === 512 ? 100 : undefined;
  const hashMagics = length === 4096 ? directoryMagics : attributeMagics;
  if (length > 512 && hashMagics.has(structure.readUInt16BE(8))) return 12;
  return checksumOffsets[`${length} ${structure.toString('latin1', 0, 4)}`];
}

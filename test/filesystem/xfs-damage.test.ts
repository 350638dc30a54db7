import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import type { Finding } from '../../src/filesystem/file-system.ts';
import { checksumOf } from '../../src/filesystem/xfs/checksum.ts';
import { xfsReader } from '../../src/filesystem/xfs/reader.ts';
import { DiskImage } from './disk-image.ts';
import { python } from './python.ts';
import { growTree, unixAbilities } from './random-tree.ts';

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

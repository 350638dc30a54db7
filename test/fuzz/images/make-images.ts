/**
 * Makes the sound images that the fuzz targets of file system readers break, anew: scripts/node test/fuzz/images/make-images.ts [NAME…]
 * They are kept, compressed, beside this file, so that a seed means the same broken image on every machine. Each is as small as its kind allows
 * and holds every form of structure once. Only root can make them.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { constants as zlib, zstdCompressSync } from 'node:zlib';
import { seededRandom } from '../../../src/base/random.ts';
import { DiskFiles } from '../../filesystem/disk-files.ts';
import { DiskImage } from '../../filesystem/disk-image.ts';
import { dosAbilities, makeFat, SourceTree } from '../../filesystem/fat-image.ts';
import { makeFuzzVolume } from '../../filesystem/ntfs-samples.ts';
import { python } from '../../filesystem/python.ts';
import { growTree, unixAbilities } from '../../filesystem/random-tree.ts';
import { tool } from '../../nbd/served.ts';
import { lvmImage } from './lvm-image.ts';

const mebi = 2 ** 20;
const size = { files: 12, directories: 3, contentBytesMax: 9000 };

/** What every form of structure needs; what a kind cannot hold is left out. */
const forms = `
import os, sys
os.chdir(sys.argv[1])
step, names = int(sys.argv[2]), int(sys.argv[3])
def attempt(action, *words):
    try: action(*words)
    except OSError: pass
with open('pieces', 'wb') as pieces:
    for piece in range(40): os.pwrite(pieces.fileno(), b'p', piece * step)
open('rich', 'w').close()
for number in range(8): attempt(os.setxattr, 'rich', 'user.n%d' % number, b'v' * number * 9)
attempt(os.setxattr, 'rich', 'user.long', b'l' * 2000)
attempt(os.symlink, 't' * 200, 'slow')
attempt(os.symlink, 'short', 'fast')
os.mkdir('many')
for number in range(names): os.link('rich', 'many/%d-%s' % (number, 'n' * 40))
with open('text', 'wb') as text: text.write(b'some text that compresses, ' * 900)
`;

function fill(folder: string, stepBytes: number, names: number): void {
  python(forms, [folder, String(stepBytes), String(names)]);
}

async function plain(
  sizeBytes: number,
  maker: readonly [string, ...string[]],
  { words = [] as readonly string[], names = 24 },
): Promise<Buffer> {
  await using image = await DiskImage.make(sizeBytes, maker);
  await image.mounted(words, (folder) => {
    growTree(seededRandom(7), folder, unixAbilities, size);
    fill(folder, 8192, names);
  });
  return readFileSync(image.path);
}

/** Copied while it is mounted, so that its journal is in use. Without checksums, so that whatever is broken is reached. */
async function ext(words: readonly string[]): Promise<Buffer> {
  const all = ['-q', '-F', '-b', '1024', '-N', '64', ...words];
  await using image = await DiskImage.make(2 * mebi, ['mkfs.ext4', ...all]);
  const copy = `${image.path}.copy`;
  await image.mounted([], async (folder) => {
    fill(folder, 11 * 1024, 24);
    await tool('sync', '-f', folder);
    copyFileSync(image.path, copy);
  });
  return readFileSync(copy);
}

async function btrfs(): Promise<Buffer> {
  const make = ['-q', '--mixed', '-n', '4096'];
  await using image = await DiskImage.make(17 * mebi, ['mkfs.btrfs', ...make]);
  await image.mounted(['-o', 'compress-force=lzo'], (folder) => {
    growTree(seededRandom(7), folder, unixAbilities, size);
    fill(folder, 8192, 24);
    execFileSync('sh', ['-c', 'btrfs subvolume snapshot "$1" "$1/snapshot"', 'sh', folder]);
  });
  return readFileSync(image.path);
}

/** Copied while it is mounted, after some files and folders were synced: its log is in use. */
async function btrfsLog(): Promise<Buffer> {
  const make = ['-q', '--mixed', '-n', '4096'];
  await using image = await DiskImage.make(17 * mebi, ['mkfs.btrfs', ...make]);
  const copy = `${image.path}.copy`;
  await image.mounted(['-o', 'commit=300'], async (folder) => {
    growTree(seededRandom(7), folder, unixAbilities, { ...size, files: 6 });
    fill(folder, 8192, 6);
    await tool('sync', '-f', folder);
    await tool('sh', '-euc', changes, 'sh', folder);
    copyFileSync(image.path, copy);
  });
  return readFileSync(copy);
}

const changes = `cd "$1"; mv many/3-* many/moved; rm many/4-*; mkdir new; echo new >new/file; ln text linked
  dd if=/dev/zero of=pieces bs=1000 seek=9 count=20 conv=notrunc status=none; setfattr -x user.n1 -n user.other rich || true
  setfattr -x user.n2 rich; for path in pieces rich text new/file many .; do sync $path; done; echo more >>new/file; sync new/file`;

/** Kernels are built without version 4 today, so mkfs fills the image itself, from a list. */
async function xfs4(): Promise<Buffer> {
  await using files = new DiskFiles();
  const list = `${files.folder}/list`;
  const crowd = Array.from({ length: 60 }, (_, number) => ` name-${number} p--600 0 0`);
  const file = `content -u-640 3 70000 ${list}\nfar l--777 0 0 ${'long/'.repeat(100)}`;
  const lines = ['/dev/null', '0 0', 'd--755 0 0', file, 'crowd d--755 1 2', ...crowd, '$', '$'];
  writeFileSync(list, `${lines.join('\n')}\n`);
  const words = ['-q', '--unsupported', '-b', 'size=1024', '-m', 'crc=0', '-p', list];
  await using image = await DiskImage.make(16 * mebi, ['mkfs.xfs', ...words]);
  return readFileSync(image.path);
}

async function fat(sizeBytes: number, ...words: readonly string[]): Promise<Buffer> {
  using source = new SourceTree(seededRandom(7), size).withoutPairs();
  await using image = await makeFat(source, sizeBytes, words);
  return readFileSync(image.path);
}

async function exfat(): Promise<Buffer> {
  await using image = await DiskImage.make(4 * mebi, ['mkfs.exfat', '-c', '4K']);
  await image.mounted(['-t', 'exfat-fuse', '-o', 'loop'], (folder) =>
    growTree(seededRandom(7), folder, dosAbilities, size),
  );
  return readFileSync(image.path);
}

async function iso(): Promise<Buffer> {
  using source = new SourceTree(seededRandom(7), size);
  const abilities = { ...unixAbilities, hasAttributes: false, hasAcls: false };
  growTree(seededRandom(8), source.folder, abilities, size);
  const line = `exec xorriso -as mkisofs -R -J -o "$1" '${source.folder}' 2>/dev/null`;
  await using image = await DiskImage.make(0, ['sh', '-c', line, 'sh']);
  return readFileSync(image.path);
}

async function table(label: 'gpt' | 'dos'): Promise<Buffer> {
  await using files = new DiskFiles();
  const path = files.make(label, 4 * mebi);
  const type = label === 'dos' ? ',type=5' : '';
  const lines = [`label: ${label}`, `size=2M${type}`, 'size=512K', 'size=300K'];
  const words = ['-q', '--no-reread', '--no-tell-kernel', '--wipe', 'never', path];
  execFileSync('sfdisk', words, { input: lines.join('\n') });
  return readFileSync(path);
}

async function ntfs(): Promise<Buffer> {
  await using image = await makeFuzzVolume();
  return readFileSync(image.path);
}

const xfsWords = ['mkfs.xfs', '-q', '--unsupported', '-b', 'size=1024'] as const;
const makers: Readonly<Record<string, () => Promise<Buffer>>> = {
  ext4: () => ext(['-t', 'ext4', '-I', '256', '-O', 'inline_data,^metadata_csum,^resize_inode']),
  ext2: () => ext(['-t', 'ext2', '-O', 'dir_index']),
  ntfs,
  xfs: () => plain(16 * mebi, xfsWords, { names: 550 }),
  'xfs-v4': xfs4,
  btrfs,
  'btrfs-log': btrfsLog,
  fat12: () => fat(mebi, '-F', '12'),
  fat16: () => fat(5 * mebi, '-F', '16', '-s', '1'),
  fat32: () => fat(36 * mebi, '-F', '32', '-s', '1'),
  exfat,
  iso,
  gpt: () => table('gpt'),
  mbr: () => table('dos'),
  lvm: lvmImage,
};

const asked = process.argv.slice(2);
for (const [name, make] of Object.entries(makers)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const params = {
    [zlib.ZSTD_c_compressionLevel]: 19,
    [zlib.ZSTD_c_enableLongDistanceMatching]: 1,
  };
  const packed = zstdCompressSync(await make(), { params });
  writeFileSync(new URL(`${name}.img.zst`, import.meta.url), packed);
  console.log(`${name}: ${packed.length} bytes`);
}

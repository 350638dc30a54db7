import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { extReader } from '../../src/filesystem/ext/ext-reader.ts';
import type { ByteRange, FileSystem } from '../../src/filesystem/file-system.ts';
import { tool } from '../nbd/served.ts';
import { DiskImage } from './disk-image.ts';
import type { ImageFuzz } from './fuzz-images.ts';

/** Images without checksums, so that whatever is broken is reached. */
const makers: Readonly<
  Record<'extents and a journal in use' | 'block numbers', readonly string[]>
> = {
  'extents and a journal in use': [
    ...['-t', 'ext4', '-b', '1024', '-I', '256', '-N', '64'],
    ...['-O', 'inline_data,^metadata_csum,^resize_inode,^uninit_bg'],
  ],
  'block numbers': ['-t', 'ext2', '-b', '1024', '-N', '64', '-O', 'dir_index'],
};

/** The images there are. */
export type FuzzImageName = keyof typeof makers;

/** Their names. */
export const fuzzImageNames = Object.keys(makers) as readonly FuzzImageName[];

/** How a file is written so that it needs an extent block, or indirect blocks of two levels. */
const holed = `for n in $(seq 0 2 40); do dd if=/dev/zero of=holed bs=1024 seek=$((n * 11)) count=1 conv=notrunc status=none; done`;

/**
 * Makes an image that holds every structure once, copied while it is mounted, so that its journal is in use.
 * @param name - which
 */
export async function extFuzzImage(name: FuzzImageName): Promise<ImageFuzz> {
  await using image = await DiskImage.make(3 * 2 ** 20, ['mkfs.ext4', '-q', '-F', ...makers[name]]);
  const copy = `${image.path}.copy`;
  await image.mounted([], async (folder) => {
    fill(folder);
    await tool('sync', '-f', folder);
    copyFileSync(image.path, copy);
  });
  copyFileSync(copy, image.path);
  rmSync(copy);
  const structures = await image.read(structuresOf);
  return { reader: extReader, image: readFileSync(image.path), structures };
}

function fill(folder: string): void {
  mkdirSync(`${folder}/indexed`);
  mkdirSync(`${folder}/one`);
  for (let number = 0; number < 24; number += 1) {
    writeFileSync(`${folder}/indexed/${'n'.repeat(60)}${number}`, '');
  }
  writeFileSync(`${folder}/one/small`, 'x'.repeat(100));
  symlinkSync('t'.repeat(200), `${folder}/one/slow`);
  symlinkSync('short', `${folder}/one/fast`);
  const attributes = `setfattr -n user.a -v ${'v'.repeat(300)} one/small; setfacl -m u:7:rw one/small`;
  spawnSync('sh', ['-euc', `cd "$1"; ${holed}; ${attributes}`, 'sh', folder]);
}

/** Everything but contents, most of which is not looked at; of the inode tables only what is used. */
async function structuresOf(fileSystem: FileSystem): Promise<ByteRange[]> {
  const found: ByteRange[] = [
    { offsetBytes: 1024, lengthBytes: 0x180 },
    { offsetBytes: 2048, lengthBytes: 64 },
  ];
  for await (const batch of fileSystem.owners()) {
    found.push(...batch.filter(({ use }) => use !== 'content' && use !== 'inode table'));
  }
  for await (const batch of fileSystem.walk()) {
    for (const { status } of batch) found.push(...(await fileSystem.ranges(status.id)).slice(0, 1));
  }
  return found;
}

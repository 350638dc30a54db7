import { strict as assert } from 'node:assert';
import {
  appendFileSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { integerBelow, type Random } from '../../src/base/random.ts';

/** Folders that files are made in and moved between. */
const folders = ['kept', 'scratch', 'scratch/sub', 'tmp', 'kept/deep'] as const;
const endings = ['txt', 'iso', 'tmp'] as const;

/** A file as its system shows it. */
export interface SeenFile {
  /** Paths below the root, "/" first: all names of one file. */
  readonly paths: string[];
  readonly content: Buffer;
}

/** Lays out the folders, with the table of mounts that makes it a Linux system. */
export function layOut(root: string): void {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc', 'fstab'), 'LABEL=nothing / ext4 defaults 0 1\n');
}

/** Does a few things that change which file has which block, or only what a file is called. */
export function changeTree(root: string, random: Random): void {
  for (let count = 4 + integerBelow(random, 8); count > 0; count -= 1) {
    const files = namesBelow(root).filter((path) => !path.startsWith('/etc'));
    const file = join(
      root,
      files[integerBelow(random, Math.max(1, files.length))] ?? '/kept/first',
    );
    const fresh = freshPath(root, random);
    const kind = files.length < 5 ? 0 : integerBelow(random, 9);
    if (kind <= 2) writeFileSync(fresh, bytes(random));
    else if (kind === 3) appendFileSync(file, bytes(random));
    else if (kind === 4) renameSync(file, fresh);
    else if (kind === 5) linkSync(file, fresh);
    else if (kind === 6) truncateSync(file, integerBelow(random, statSync(file).size * 2 + 1));
    // Where the file system can, the copy has the same blocks.
    else if (kind === 7) copyFileSync(file, fresh, constants.COPYFILE_FICLONE);
    else rmSync(file);
  }
}

/** Every file with all its names. */
export function seenFiles(root: string): SeenFile[] {
  const files = new Map<number, SeenFile>();
  for (const path of namesBelow(root)) {
    const { ino } = statSync(join(root, path));
    const known = files.get(ino);
    if (known === undefined)
      files.set(ino, { paths: [path], content: readFileSync(join(root, path)) });
    else known.paths.push(path);
  }
  return [...files.values()];
}

function namesBelow(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join('/', entry.parentPath.slice(root.length), entry.name))
    .sort();
}

function freshPath(root: string, random: Random): string {
  const folder = folders[integerBelow(random, folders.length)];
  const ending = endings[integerBelow(random, endings.length)];
  assert(folder !== undefined && ending !== undefined);
  return join(root, folder, `${integerBelow(random, 1e9)}.${ending}`);
}

function bytes(random: Random): Buffer {
  const content = Buffer.alloc(integerBelow(random, 200_000));
  random.fill(content);
  return content;
}

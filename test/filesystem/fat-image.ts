import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Random } from '../../src/base/random.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, type TreeAbilities, type TreeSize } from './random-tree.ts';

/** What FAT and exFAT can hold. */
export const dosAbilities: TreeAbilities = {
  names: 'windows',
  hasModes: false,
  hasLinks: false,
  hasHardLinks: false,
  hasDevices: false,
  hasHoles: false,
  hasAttributes: false,
  hasAcls: false,
};

const dosBeginMs = Date.UTC(1980, 0, 2);
const dated = new Date('2001-02-03T04:05:06Z');

/** A random tree in a folder of the test machine, whose times DOS can write. */
export class SourceTree implements Disposable {
  readonly folder: string = join(mkdtempSync(join(tmpdir(), 'secondwind-tree-')), 'tree');

  constructor(random: Random, size: TreeSize) {
    mkdirSync(this.folder);
    growTree(random, this.folder, dosAbilities, size);
    for (const path of this.#paths())
      if (statSync(path).mtimeMs < dosBeginMs) utimesSync(path, dated, dated);
  }

  /** Takes away what mtools cannot write: characters of two UTF-16 units. */
  withoutPairs(): this {
    for (const path of this.#paths()) {
      if (!basename(path).includes('🐘')) continue;
      renameSync(path, join(dirname(path), basename(path).replace('🐘', 'elephant')));
      utimesSync(dirname(path), dated, dated);
    }
    return this;
  }

  /** Everything in the tree, what lies deepest first. */
  #paths(): string[] {
    const below = readdirSync(this.folder, { encoding: 'utf8', recursive: true });
    return [...below.map((path) => join(this.folder, path)), this.folder].toSorted(
      (left, right) => right.length - left.length,
    );
  }

  [Symbol.dispose](): void {
    rmSync(join(this.folder, '..'), { recursive: true, force: true });
  }
}

/** Local time is UTC, and names are UTF-8, for programs that ask. */
export const utcEnvironment: NodeJS.ProcessEnv = { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' };

/** A FAT volume made by mkfs.vfat, filled by mtools. */
export async function makeFat(
  source: SourceTree,
  sizeBytes: number,
  words: readonly string[],
): Promise<DiskImage> {
  const image = await DiskImage.make(sizeBytes, ['mkfs.vfat', ...words]);
  const names = readdirSync(source.folder).map((name) => join(source.folder, name));
  execFileSync('mcopy', ['-s', '-m', '-Q', '-i', image.path, ...names, '::'], {
    env: utcEnvironment,
  });
  return image;
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** A random tree in a folder of the test machine, whose times DOS can write. */
export class SourceTree implements Disposable {
  readonly folder: string = join(mkdtempSync(join(tmpdir(), 'secondwind-tree-')), 'tree');

  constructor(random: Random, size: TreeSize) {
    mkdirSync(this.folder);
    growTree(random, this.folder, dosAbilities, size);
    this.#shell(`find . ! -newermt 1980-01-02 -exec touch -d '2001-02-03 04:05:06Z' {} +`);
  }

  /** Takes away what mtools cannot write: characters of two UTF-16 units. */
  withoutPairs(): this {
    const rename = 'mv "$1" "$(echo "$1" | sed s/🐘/elephant/)"; touch -d "2005-06-07 08:09:10Z" .';
    this.#shell(`find . -depth -name '*🐘*' -execdir bash -c '${rename}' _ {} \\;`);
    return this;
  }

  #shell(line: string): void {
    execFileSync('bash', ['-c', line], { cwd: this.folder, env: utcEnvironment });
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

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { NameIndex } from '../../src/content/name-index/name-index.ts';
import type { FoundName } from '../../src/content/name-index/name-record.ts';
import { updateNames } from '../../src/content/name-index/update-names.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { ByteRange } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { tool } from '../nbd/served.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, type TreeAbilities, unixAbilities } from './random-tree.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32));
const blockBytes = 4096;
const size = { files: 60, directories: 10, contentBytesMax: 20_000 };
const ntfsAbilities: TreeAbilities = {
  names: 'windows',
  hasModes: false,
  hasLinks: false,
  hasHardLinks: true,
  hasDevices: false,
  hasHoles: false,
  hasAttributes: false,
  hasAcls: false,
};

/** Everything that can happen to names: new, gone, moved within and between folders, a folder moved, a tree removed, a second name. */
const changes = `
cd "$1"; set -e; mkdir base base/inner other; for n in 1 2 3 4 5 6 7 8; do echo $n >base/f$n; done; echo deep >base/inner/deep
sync
`;
const moreChanges = `
cd "$1"; set -e; rm base/f1; mv base/f2 base/g2; mv base/f3 other/; ln base/f4 other/h4; echo longer >>base/f5
mv base/inner other/moved; mkdir -p gone/a/b; echo x >gone/a/b/c; echo new >other/new; rm base/f6; echo again >base/f6
`;
const lastChanges = `cd "$1"; set -e; rm -r gone; rm other/h4; echo last >other/last`;

const kinds = [
  { name: 'ext4', maker: ['mkfs.ext4', '-q', '-F'], mount: [], abilities: unixAbilities },
  {
    name: 'ntfs',
    maker: ['mkntfs', '-q', '-F'],
    mount: ['-t', 'ntfs-3g'],
    abilities: ntfsAbilities,
  },
] as const;

for (const { name, maker, mount, abilities } of kinds) {
  test(`names of ${name} brought up to date by what changed are those of a whole walk (SEED=${seed})`, async () => {
    await using image = await DiskImage.make(16 * 2 ** 20, maker);
    await using folder = temporaryFolder();
    const kept = new NameIndex({ file: folder.path('kept'), key: randomBytes(96) });
    const copies = [folder.path('1'), folder.path('2'), folder.path('3'), folder.path('4')];
    await image.mounted(mount, async (root) => {
      growTree(seededRandom(seed), root, abilities, size);
      await tool('sh', '-c', changes, 'sh', root);
    });
    copyFileSync(image.path, copies[0]!);
    await image.mounted(mount, async (root) => {
      await tool('sh', '-c', moreChanges, 'sh', root);
      // Copied while it is mounted, after syncing one file: the rest of it lies in the journal only.
      await tool('sync', join(root, 'other/new'));
      copyFileSync(image.path, copies[1]!);
      await tool('sh', '-c', lastChanges, 'sh', root);
      await tool('sync', join(root, 'other/last'));
      copyFileSync(image.path, copies[2]!);
    });
    copyFileSync(image.path, copies[3]!);
    for (const [index, copy] of copies.entries()) {
      const isPartial = await update(kept, copy, { index, before: copies[index - 1] });
      assert.equal(isPartial, index > 0, 'only the first one walks');
      const fresh = new NameIndex({ file: folder.path(`fresh${index}`), key: randomBytes(96) });
      await update(fresh, copy, { index, before: undefined });
      assert.deepEqual(await namesNow(kept), await namesNow(fresh), `after copy ${index}`);
      await fresh.close();
    }
    await kept.close();
  });
}

interface Step {
  readonly index: number;
  /** The copy that was looked at before; undefined to walk. */
  readonly before: string | undefined;
}

async function update(index: NameIndex, path: string, step: Step): Promise<boolean> {
  const disk = await openFileDisk(path, { clock: systemClock, isReadOnly: true });
  const fileSystem = await openFileSystem(disk);
  assert(fileSystem !== undefined);
  const volume = {
    machine: 'm',
    volume: 'v',
    fileSystem,
    micros: (step.index + 1) * 1000,
    changedSince: async () =>
      step.before === undefined ? undefined : differences(step.before, path),
  };
  const { isPartial } = await updateNames(index, volume, new AbortController().signal);
  await fileSystem.close();
  await disk.close();
  return isPartial;
}

function differences(before: string, after: string): ByteRange[] {
  const [old, now] = [readFileSync(before), readFileSync(after)];
  const ranges: ByteRange[] = [];
  for (let at = 0; at < now.length; at += blockBytes) {
    const isSame = now.subarray(at, at + blockBytes).equals(old.subarray(at, at + blockBytes));
    if (!isSame) ranges.push({ offsetBytes: at, lengthBytes: blockBytes });
  }
  return ranges;
}

async function namesNow(index: NameIndex): Promise<string[]> {
  const found: FoundName[] = [];
  const search = { pattern: '*', fromMicros: 1e15, toMicros: 1e15 };
  await index.find(search, {
    limitMax: 100_000,
    signal: new AbortController().signal,
    onFound: (names) => found.push(...names),
  });
  return found
    .map(({ path, kind, sizeBytes, modifiedMicros }) =>
      JSON.stringify([path, kind, sizeBytes, modifiedMicros]),
    )
    .toSorted();
}

function temporaryFolder(): AsyncDisposable & { path(name: string): string } {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-names-'));
  return {
    path: (name) => join(folder, name),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }),
  };
}

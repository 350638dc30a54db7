import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DiskReport, ScanReport } from '../../src/service/disk-report.ts';
import type { ExclusionReport } from '../../src/service/exclusion-report.ts';
import type { RestoreReport } from '../../src/service/restore-report.ts';
import type { ViewReport } from '../../src/service/view-report.ts';
import { CommandRig } from './command-rig.ts';

const rig = new CommandRig();
const mebibyte = 1024 * 1024;
const image = rig.path('web.img');
const root = { offsetBytes: mebibyte, lengthBytes: 40 * mebibyte };
const swap = { offsetBytes: 41 * mebibyte, lengthBytes: 8 * mebibyte };
/** Of swap space: what it needs to be used again. */
const swapHeadBytes = 65_536;
const scratch = randomBytes(3 * mebibyte);
/** The image as it was scanned first: a mount changes it. */
let original: Buffer;

function inRoot(action: (folder: string) => void): void {
  const folder = rig.path('mount');
  mkdirSync(folder, { recursive: true });
  const { offsetBytes, lengthBytes } = root;
  execFileSync('mount', [
    '-o',
    `loop,offset=${offsetBytes},sizelimit=${lengthBytes}`,
    image,
    folder,
  ]);
  try {
    action(folder);
  } finally {
    execFileSync('umount', [folder]);
  }
}

/** A disk with a table, a Linux system, and swap space that has been used. */
function makeDisk(): void {
  writeFileSync(image, '');
  truncateSync(image, 50 * mebibyte);
  const sectors = (bytes: number): number => bytes / 512;
  const lines = [root, swap].map(
    ({ offsetBytes, lengthBytes }) => `start=${sectors(offsetBytes)}, size=${sectors(lengthBytes)}`,
  );
  execFileSync('sfdisk', ['-q', image], { input: ['label: gpt', ...lines].join('\n') });
  const words = [
    '-q',
    '-F',
    '-b',
    '4096',
    '-E',
    `offset=${root.offsetBytes}`,
    image,
    `${root.lengthBytes / 1024}k`,
  ];
  execFileSync('mkfs.ext4', words, { stdio: 'ignore' });
  const swapFile = rig.path('swap');
  writeFileSync(swapFile, Buffer.alloc(swap.lengthBytes));
  execFileSync('mkswap', [swapFile], { stdio: 'ignore' });
  const file = openSync(image, 'r+');
  writeSync(file, readFileSync(swapFile), 0, swapHeadBytes, swap.offsetBytes);
  writeSync(file, randomBytes(mebibyte), 0, mebibyte, swap.offsetBytes + 2 * mebibyte);
  // Left by a file that is long gone.
  writeSync(file, randomBytes(mebibyte), 0, mebibyte, root.offsetBytes + 20 * mebibyte);
  closeSync(file);
  inRoot((folder) => {
    for (const name of ['etc', 'home', 'tmp', 'srv/scratch'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'etc/fstab'), 'LABEL=x / ext4 defaults 0 1\n');
    writeFileSync(join(folder, 'home/kept.bin'), randomBytes(mebibyte));
    writeFileSync(join(folder, 'tmp/noise.bin'), randomBytes(2 * mebibyte));
    writeFileSync(join(folder, 'srv/scratch/area.bin'), scratch);
  });
}

before(async () => {
  makeDisk();
  await rig.serve();
  await rig.ok(['disk', 'add', 'web/root', '--image', image]);
});
after(() => rig.close());

async function restored(at: string): Promise<{ report: RestoreReport; bytes: Buffer }> {
  const file = rig.path(`restored-${at.replaceAll(':', '-')}.img`);
  const report = await rig.json<RestoreReport>(['restore', 'web/root', '--at', at, '--to', file]);
  return { report, bytes: readFileSync(file) };
}

test('what is excluded is not stored, is refused as content, and comes back when it is not excluded any more', async () => {
  const words = ['disk', 'exclude', 'web/root'];
  assert.match(await rig.ok(words), /Nothing of web\/root is excluded/);
  const rules = ['--preset', 'linux', '--path', '/srv/scratch', '--unallocated'];
  const given = await rig.json<ExclusionReport>([...words, ...rules]);
  assert.deepEqual(
    [given.paths, given.presets, given.found],
    [['/srv/scratch'], ['linux'], undefined],
  );
  original = readFileSync(image);
  const scan = await rig.json<ScanReport>(['disk', 'scan', 'web/root']);
  assert.deepEqual(scan.notes, []);
  assert(scan.excludedBytes > 15 * mebibyte, String(scan.excludedBytes));
  assert(scan.storedBytes < 2.5 * mebibyte, String(scan.storedBytes));
  const { found } = await rig.json<ExclusionReport>(words);
  assert.equal(found?.fileCount, 2);
  assert.equal(found?.fileBytes, 5 * mebibyte + swap.lengthBytes - swapHeadBytes);
  assert.match(await rig.ok(['disk', 'list']), /excluded; see "secondwind disk exclude web\/root"/);

  assert.match(await rig.ok(['files', 'list', 'web', '/tmp', '--at', 'now']), /noise\.bin/);
  for (const path of ['/tmp/noise.bin', '/srv/scratch/area.bin']) {
    const refused = await rig.run(['files', 'cat', 'web', path, '--at', 'now']);
    assert.deepEqual([refused.code, refused.stdout], [3, ''], path);
    assert.match(refused.stderr, /was excluded/);
  }
  const copy = await rig.run([
    'files',
    'copy',
    'web',
    '/',
    '--at',
    'now',
    '--to',
    rig.path('out'),
    '--json',
  ]);
  const { result } = JSON.parse(copy.stdout.trim().split('\n').at(-1)!) as {
    readonly result: { readonly failures: readonly { path: string; reason: string }[] };
  };
  assert.deepEqual(result.failures.map(({ path }) => path).sort(), [
    'srv/scratch/area.bin',
    'tmp/noise.bin',
  ]);
  assert(result.failures.every(({ reason }) => reason.includes('was excluded')));
  assert.notEqual(copy.code, 0);
  assert(!existsSync(rig.path('out/srv/scratch/area.bin')), 'no file of zeroes is left');
  inRoot((folder) => {
    const kept = readFileSync(join(folder, 'home/kept.bin'));
    assert(kept.equals(readFileSync(rig.path('out/home/kept.bin'))));
  });
  await rig.ok(['bookmark', 'web', 'lean']);
});

test('a restore says what it lacks: all of it zeroes, and everything else as it was', async () => {
  const { report, bytes } = await restored('bookmark:lean');
  let differingBlocks = 0;
  for (let at = 0; at < bytes.length; at += 4096) {
    const block = bytes.subarray(at, at + 4096);
    if (block.equals(original.subarray(at, at + 4096))) continue;
    assert(block.every((byte) => byte === 0));
    differingBlocks += 1;
  }
  assert(differingBlocks * 4096 > 6 * mebibyte);
  assert(report.excludedBytes! >= differingBlocks * 4096);
  const restoredSwap = bytes.subarray(swap.offsetBytes, swap.offsetBytes + swapHeadBytes);
  assert(
    restoredSwap.equals(original.subarray(swap.offsetBytes, swap.offsetBytes + swapHeadBytes)),
  );
  const checked = await rig.json<{ readonly verdict: string }>([
    'verify',
    'web',
    '--at',
    'bookmark:lean',
  ]);
  assert.equal(checked.verdict, 'clean');
  const open = [
    'open',
    'web/root',
    '--at',
    'bookmark:lean',
    '--listen',
    `unix:${rig.path('v.sock')}`,
  ];
  const view = await rig.json<ViewReport>(open);
  assert.equal(view.excludedBytes, report.excludedBytes);
  await rig.ok(['close', view.id]);
});

test('the rules outlive the server, and what was excluded outlives the indexes', async () => {
  await rig.ok(['rebuild']);
  assert.equal(
    (await rig.failure(['files', 'cat', 'web', '/tmp/noise.bin', '--at', 'now'])).code,
    'EXCLUDED',
  );
  // Renamed out of the exclusion: not a block of it is written.
  inRoot((folder) =>
    execFileSync('mv', [join(folder, 'srv/scratch/area.bin'), join(folder, 'home')]),
  );
  await rig.ok(['disk', 'scan', 'web/root']);
  await rig.ok([
    'files',
    'copy',
    'web',
    '/home/area.bin',
    '--at',
    'now',
    '--to',
    rig.path('moved'),
  ]);
  assert(readFileSync(rig.path('moved/area.bin')).equals(scratch));
  assert.equal(
    (await rig.failure(['files', 'cat', 'web', '/tmp/noise.bin', '--at', 'now'])).code,
    'EXCLUDED',
  );

  await rig.ok(['disk', 'exclude', 'web/root', '--none']);
  await rig.ok(['disk', 'scan', 'web/root']);
  const { report, bytes } = await restored('now');
  assert(bytes.equals(readFileSync(image)));
  assert.equal(report.excludedBytes, undefined);
  const [disk] = await rig.json<DiskReport[]>(['disk', 'list']);
  assert.equal(disk?.excludedBytes, undefined);
});

test('rules that cannot be meant, and disks that are not scanned, are refused', async () => {
  const words = ['disk', 'exclude', 'web/root'];
  for (const wrong of [
    ['--path', '/'],
    ['--path', '/a/../b'],
    ['--none', '--unallocated'],
    ['--preset', 'beos'],
  ]) {
    assert.equal((await rig.failure([...words, ...wrong])).code, 'USAGE', wrong.join(' '));
  }
  assert.equal((await rig.failure(['disk', 'exclude', 'web/other'])).code, 'UNKNOWN_DISK');
  writeFileSync(rig.path('tap.img'), Buffer.alloc(mebibyte));
  await rig.ok([
    'disk',
    'add',
    'db/root',
    '--tap',
    rig.path('tap.img'),
    '--listen',
    `unix:${rig.path('t.sock')}`,
  ]);
  const refused = await rig.failure(['disk', 'exclude', 'db/root', '--unallocated']);
  assert.equal(refused.code, 'USAGE');
  assert.match(refused.message, /captured as it is written/);
});

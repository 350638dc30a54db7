import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { isSecondwindError, type SecondwindError } from '../../src/base/errors.ts';
import { systemClock as clock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import { inspectTarget } from '../../src/recovery/restore/inspect-target.ts';
import { restoreDisk } from '../../src/recovery/restore/restore-disk.ts';
import type { RestoreOptions } from '../../src/recovery/restore/restore-options.ts';
import type { TargetOverride } from '../../src/recovery/restore/target-inspection.ts';
import type { View } from '../../src/repository/index.ts';
import { attachLoop, loopsAreThere, mount, run, Undo } from './command.ts';
import { diskContent, scribble } from './disk-content.ts';
import { viewOf } from './memory-view.ts';
import { testFolder } from './test-folder.ts';

const skip = loopsAreThere() ? false : 'needs root and loop devices';
const { folder, fresh } = testFolder();
const megabyte = 2 ** 20;

function sparseFile(sizeBytes: number): string {
  const file = fresh();
  writeFileSync(file, '');
  truncateSync(file, sizeBytes);
  return file;
}

/** A file system with files in it, and with blocks that were deleted and rewritten. */
async function fileSystemImage(): Promise<string> {
  const tree = `${fresh()}-tree`;
  mkdirSync(join(tree, 'folder'), { recursive: true });
  for (let index = 0; index < 40; index++) {
    writeFileSync(join(tree, 'folder', `file ${index}`), diskContent(index * 30_000, index));
  }
  const image = sparseFile(64 * megabyte);
  await run('mkfs.ext4', '-q', '-F', '-d', tree, image);
  return image;
}

async function viewOfFile(file: string): Promise<View> {
  const disk = await openFileDisk(file, { clock, isReadOnly: true });
  return Object.assign(disk, { name: { machine: 'web', disk: 'root' }, timeMicros: 1 });
}

async function refusal(options: RestoreOptions): Promise<SecondwindError> {
  const outcome = await Promise.allSettled([restoreDisk(options)]);
  assert.equal(outcome[0].status, 'rejected');
  assert.ok(isSecondwindError(outcome[0].reason), String(outcome[0].reason));
  return outcome[0].reason;
}

describe('restoring to real devices', { skip }, () => {
  test('an ext4 image comes back clean on a device that held something else', async (t) => {
    const undo = new Undo(t);
    const image = await fileSystemImage();
    const backing = fresh();
    writeFileSync(backing, diskContent(64 * megabyte, 1));
    const device = await attachLoop(undo, backing);
    const view = await viewOfFile(image);
    undo.add(() => view.close());
    const target = { path: device };
    const report = await restoreDisk({ view, target, mode: 'whole', isVerified: true, clock });
    assert.equal(report.verifiedFrom, 'disk');
    await run('e2fsck', '-fn', device);
    await run('cmp', image, device);
  });

  test('in place, a device gets only the blocks that differ', async (t) => {
    const undo = new Undo(t);
    const image = await fileSystemImage();
    const backing = fresh();
    const live = readFileSync(image);
    scribble(live, 100, 2);
    writeFileSync(backing, live);
    const device = await attachLoop(undo, backing);
    const view = await viewOfFile(image);
    undo.add(() => view.close());
    const report = await restoreDisk({ view, target: { path: device }, mode: 'in-place', clock });
    assert.ok(report.dataBytes + report.zeroBytes <= 101 * 4096 + megabyte);
    await run('e2fsck', '-fn', device);
    await run('cmp', image, device);
  });

  test('a device of another size is refused: smaller always, larger until told so', async (t) => {
    const undo = new Undo(t);
    const view = viewOf(diskContent(4 * megabyte, 3));
    const smaller = await attachLoop(undo, sparseFile(3 * megabyte));
    const larger = await attachLoop(undo, sparseFile(5 * megabyte));
    const evenIf: TargetOverride[] = ['wrong-size'];
    for (const words of [[], evenIf]) {
      const options: RestoreOptions = { view, target: { path: smaller }, mode: 'whole', clock };
      assert.equal((await refusal({ ...options, evenIf: words })).code, 'TARGET_TOO_SMALL');
    }
    const options: RestoreOptions = { view, target: { path: larger }, mode: 'whole', clock };
    assert.match((await refusal(options)).advice, /--even-if wrong-size/);
    await restoreDisk({ ...options, evenIf, isVerified: true });
  });

  test('a mounted device, and the file behind it, are refused until told so', async (t) => {
    const undo = new Undo(t);
    const image = await fileSystemImage();
    const view = viewOf(readFileSync(image));
    const device = await attachLoop(undo, image);
    const mountPoint = join(folder, 'a place with spaces');
    mkdirSync(mountPoint);
    await mount(undo, '-o', 'ro', device, mountPoint);
    const options: RestoreOptions = { view, target: { path: device }, mode: 'in-place', clock };
    const refused = await refusal(options);
    assert.match(refused.message, /is mounted on .*a place with spaces/);
    assert.match(refused.advice, /--even-if mounted/);
    const throughFile = await refusal({ ...options, target: { path: image } });
    assert.match(throughFile.message, /\/dev\/loop\d+ on it is mounted on/);
    const partly = await refusal({ ...options, target: { path: image }, evenIf: ['mounted'] });
    assert.match(partly.advice, /--even-if in-use/);
    const report = await restoreDisk({ ...options, evenIf: ['mounted'] });
    assert.equal(report.isDone, true);
  });

  test('a disk with a mounted partition is refused, and so is a partition whose disk is served', async (t) => {
    const undo = new Undo(t);
    const image = fresh();
    writeFileSync(
      image,
      Buffer.concat([Buffer.alloc(megabyte), readFileSync(await fileSystemImage())]),
    );
    const device = await attachLoop(undo, image, '--partscan');
    // Told by hand, since not every kernel reads partition tables itself; in units of 512 bytes.
    await run('addpart', device, '1', '2048', '131072');
    undo.add(() => run('delpart', device, '1'));
    const name = `${basename(device)}p1`;
    const [major, minor] = readFileSync(`/sys/class/block/${name}/dev`, 'utf8').trim().split(':');
    const partition = join(folder, name);
    await run('mknod', partition, 'b', major!, minor!);
    const mountPoint = join(folder, 'a partition');
    mkdirSync(mountPoint);
    await mount(undo, '-o', 'ro', partition, mountPoint);
    const [use] = (await inspectTarget(device)).uses;
    assert.equal(use?.kind, 'mounted');
    assert.match(use.text, new RegExp(`/dev/${name} on it is mounted on .*a partition`));
    for (const path of [device, image]) {
      const { uses } = await inspectTarget(partition, [
        { path, use: 'the protected disk web/root' },
      ]);
      assert.ok(
        uses.some(({ kind }) => kind === 'served'),
        `through ${path}: ${JSON.stringify(uses)}`,
      );
    }
  });

  test('a device that the kernel has lent to somebody is refused', async (t) => {
    const undo = new Undo(t);
    const device = await attachLoop(undo, sparseFile(megabyte));
    const holder = await open(device, constants.O_RDWR | constants.O_EXCL);
    undo.add(() => holder.close());
    const view = viewOf(diskContent(megabyte, 4));
    const refused = await refusal({ view, target: { path: device }, mode: 'whole', clock });
    assert.match(refused.advice, /--even-if in-use/);
  });

  test('what we serve is recognised through a loop device, and under another name', async (t) => {
    const undo = new Undo(t);
    const backing = sparseFile(megabyte);
    const device = await attachLoop(undo, backing);
    const link = fresh();
    await run('ln', backing, link);
    const served = [{ path: backing, use: 'the protected disk web/root' }];
    for (const path of [device, link]) {
      const kinds = (await inspectTarget(path, served)).uses.map((use) => use.kind);
      assert.ok(kinds.includes('served'), path);
    }
    const others = await inspectTarget(sparseFile(megabyte), served);
    assert.deepEqual(others.uses, []);
  });

  test('a disk full of somebody else is told as such, and restoring goes on when there is room', async (t) => {
    const undo = new Undo(t);
    const small = join(folder, 'small');
    mkdirSync(small);
    await mount(undo, '-t', 'tmpfs', '-o', 'size=4M', 'tmpfs', small);
    const content = diskContent(12 * megabyte, 5);
    const path = join(small, 'disk');
    const options: RestoreOptions = {
      view: viewOf(content),
      target: { path },
      mode: 'whole',
      clock,
    };
    assert.equal((await refusal(options)).code, 'NO_SPACE');
    assert.throws(() => statSync(path));
    await run('mount', '-o', 'remount,size=40M', small);
    await restoreDisk(options);
    assert.ok(readFileSync(path).equals(content));
  });
});

test('a file that a program has locked is in use', async (t) => {
  const file = sparseFile(megabyte);
  const program = spawn('flock', ['--verbose', file, 'sleep', '60'], { detached: true });
  const isGone = new Promise((resolve) => program.once('exit', resolve));
  t.after(async () => {
    process.kill(-program.pid!, 'SIGKILL');
    await isGone;
  });
  let uses = (await inspectTarget(file)).uses;
  for (let tries = 0; uses.length === 0 && tries < 100; tries++) {
    await wait(20);
    uses = (await inspectTarget(file)).uses;
  }
  assert.equal(uses[0]?.kind, 'in-use');
  assert.match(uses[0].text, /holds a lock on it/);
});

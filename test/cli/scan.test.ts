import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { DiskReport, ScanReport } from '../../src/service/disk-report.ts';
import type { RestoreReport } from '../../src/service/restore-report.ts';
import { CommandRig, until } from './command-rig.ts';
import { writeImage } from './disk-images.ts';

const rig = new CommandRig();

before(async () => {
  await rig.serve();
});
after(() => rig.close());

test('the first scan stores all, the next one only what differs, and both moments come back', async () => {
  const image = rig.path('web.img');
  const original = writeImage(image, 16, 1);
  const added = await rig.json<DiskReport>(['disk', 'add', 'web/root', '--image', image]);
  assert.equal(added.state, 'idle');
  const early = await rig.failure(['restore', 'web/root', '--at', 'now', '--to', 'x.img']);
  assert.equal(early.code, 'UNKNOWN_MACHINE');

  const first = await rig.json<ScanReport>(['disk', 'scan', 'web/root']);
  assert.equal(first.sizeBytes, original.length);
  assert.equal(first.changedBytes, 2 * 1024 * 1024);
  const changed = Buffer.from(original).fill(0x77, 8192, 12_288);
  writeFileSync(image, changed);
  const second = await rig.json<ScanReport>(['disk', 'scan', 'web/root']);
  assert.equal(second.changedBytes, 4096);
  const third = await rig.json<ScanReport>(['disk', 'scan', 'web/root']);
  assert.equal(third.changedBytes, 0);

  await rig.json<RestoreReport>(['restore', 'web/root', '--at', first.point, '--to', 'first.img']);
  assert.deepEqual(readFileSync(rig.path('first.img')), original);
  await rig.ok(['restore', 'web/root', '--at', 'now', '--to', 'now.img']);
  assert.deepEqual(readFileSync(rig.path('now.img')), changed);
  assert.match(await rig.ok(['disk', 'scan', 'web/root']), /0 bytes differed/);
});

test('an image can be bookmarked and removed, but not paused', async () => {
  writeImage(rig.path('mark.img'), 4, 2);
  await rig.ok(['disk', 'add', 'mark/root', '--image', rig.path('mark.img')]);
  await rig.ok(['disk', 'scan', 'mark/root']);
  await rig.ok(['bookmark', 'mark', 'scanned']);
  await rig.ok(['restore', 'mark/root', '--at', 'bookmark:scanned', '--to', 'scanned.img']);
  assert.equal((await rig.failure(['disk', 'pause', 'mark/root'])).code, 'USAGE');
  const removed = await rig.json<DiskReport>(['disk', 'remove', 'mark/root']);
  assert.equal(removed.state, 'history');
});

test('an interrupted scan ends on both sides, and the next one goes on', async () => {
  writeFileSync(rig.path('large.img'), randomBytes(192 * 1024 * 1024));
  await rig.ok(['disk', 'add', 'large/root', '--image', rig.path('large.img')]);
  const scan = rig.start(['disk', 'scan', 'large/root', '--json']);
  await until(async () => (scan.output().includes('progress') ? true : undefined));
  assert.equal((await rig.failure(['disk', 'scan', 'large/root'])).code, 'IN_USE');
  scan.signal('SIGINT');
  const { code, stderr } = await scan.outcome;
  assert.equal(code, 130);
  assert.match(stderr, /"INTERRUPTED"/);
  await until(async () => {
    const disks = await rig.json<DiskReport[]>(['disk', 'list']);
    return disks.find((disk) => disk.machine === 'large')?.state === 'idle' ? true : undefined;
  });
  await rig.ok(['disk', 'scan', 'large/root']);
});

test('an analysis needs no server', async (t) => {
  const alone = CommandRig.forTest(t);
  writeImage(alone.path('a.img'), 8, 1);
  writeImage(alone.path('b.img'), 8, 1);
  const result = await alone.json<Record<string, number>>(['analyse', 'a.img', 'b.img']);
  assert.equal(result['logicalBytes'], 16 * 1024 * 1024);
  assert.ok(result['deduplicationRatio']! >= 2);
  assert.match(await alone.ok(['analyse', 'a.img']), /store to expect/);
  assert.equal((await alone.failure(['analyse', 'nothing.img'])).code, 'NOT_FOUND');
  assert.equal((await alone.failure(['analyse', '.'])).code, 'NOT_A_DISK');
  assert.equal((await alone.failure(['analyse'])).code, 'USAGE');
});

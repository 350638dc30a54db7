import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { formatMoment } from '../../src/base/time-text.ts';
import type { RestorePlanReport, RestoreReport } from '../../src/service/restore-report.ts';
import type { ChangesReport, TimelineReport } from '../../src/service/timeline-report.ts';
import { CommandRig } from './command-rig.ts';
import { protect, readThrough, writeImage, writeThrough } from './disk-images.ts';

const rig = new CommandRig();
const image = rig.path('db1.img');
const mebibyte = 1024 * 1024;
let original: Buffer;
let uri: string;

/** db1/root: as written first, bookmark "before", then 64 KiB at 4 MiB overwritten, bookmark "after". */
before(async () => {
  await rig.serve();
  original = writeImage(image, 8, 1);
  uri = await protect(rig, 'db1/root', image);
  await rig.ok(['bookmark', 'db1', 'before']);
  await writeThrough(uri, 4 * mebibyte, 0xab);
  await rig.ok(['bookmark', 'db1', 'after']);
});
after(() => rig.close());

function changed(): Buffer {
  return Buffer.from(original).fill(0xab, 4 * mebibyte, 4 * mebibyte + 65_536);
}

test('a disk is restored to a new file, sparse, at each moment', async () => {
  const words = ['restore', 'db1/root', '--to', 'before.img', '--at', 'bookmark:before'];
  const report = await rig.json<RestoreReport>(words);
  assert.deepEqual(readFileSync(rig.path('before.img')), original);
  assert.equal(report.sizeBytes, original.length);
  assert.equal(report.target, rig.path('before.img'));
  assert.ok(statSync(rig.path('before.img')).blocks * 512 <= 3 * mebibyte, 'it is not sparse');
  const text = await rig.ok(['restore', 'db1/root', '--at', 'now', '--to', 'now.img']);
  assert.match(
    text,
    /^db1\/root as it stood at \d{4}-.* \+0[12]:00 \(Europe\/Berlin\), point \d\d:/,
  );
  assert.deepEqual(readFileSync(rig.path('now.img')), changed());
});

test('a time as people write it is understood in their zone', async () => {
  const timeline = await rig.json<TimelineReport>(['timeline', 'db1']);
  const after = timeline.points.find((point) => point.notes.some((note) => note.text === 'after'));
  const shown = formatMoment(Date.parse(after!.time) * 1000, 'Europe/Berlin');
  const at = `${shown.slice(0, 19)}.999999`; // In Berlin, without saying so.
  await wait(1000);
  const report = await rig.json<RestoreReport>([
    'restore',
    'db1/root',
    '--at',
    at,
    '--to',
    'wall.img',
  ]);
  assert.deepEqual(readFileSync(rig.path('wall.img')), changed());
  assert.ok(report.asked >= after!.time);
});

test('in place only what differs is written, and told first', async () => {
  writeFileSync(rig.path('place.img'), changed());
  const words = [
    'restore',
    'db1/root',
    '--at',
    'bookmark:before',
    '--to',
    'place.img',
    '--in-place',
  ];
  const plan = await rig.json<RestorePlanReport>([...words, '--plan']);
  assert.equal(plan.differingBytes, 65_536);
  assert.equal(plan.differingBlocks, 16);
  assert.deepEqual(readFileSync(rig.path('place.img')), changed(), 'a plan writes nothing');
  const refused = await rig.failure(words);
  assert.equal(refused.code, 'REFUSED');
  assert.match(refused.advice, /--yes/);
  const { stderr } = await rig.run([...words, '--yes']);
  assert.match(stderr, /16 blocks \(64 KiB of 8 MiB\)/);
  assert.deepEqual(readFileSync(rig.path('place.img')), original);
});

test('a live disk is rolled back through its tap, and the rollback can be undone', async () => {
  const words = ['restore', 'db1/root', '--to', image];
  const refused = await rig.failure([...words, '--at', 'bookmark:before']);
  assert.equal(refused.code, 'REFUSED');
  assert.match(refused.advice, /--in-place/);
  const inPlace = [...words, '--in-place', '--yes', '--at'];
  const report = await rig.json<RestoreReport>([...inPlace, 'bookmark:before']);
  assert.equal(report.isThroughTap, true);
  assert.equal(report.differingBytes, 65_536);
  assert.deepEqual(await readThrough(uri, rig.path('live.img')), original);
  await rig.ok([...inPlace, 'bookmark:after']);
  assert.deepEqual(await readThrough(uri, rig.path('live.img')), changed());
});

test('a difference between two moments is named by range', async () => {
  const words = ['diff', 'db1/root', '--from', 'bookmark:before', '--to', 'bookmark:after'];
  const changes = await rig.json<ChangesReport>(words);
  assert.deepEqual(changes.ranges, [{ offsetBytes: 4 * mebibyte, lengthBytes: 65_536 }]);
  assert.equal(changes.changedBytes, 65_536);
  assert.match(await rig.ok(words), /64 KiB in 1 ranges differ/);
});

test('with --exact a range that was written back does not count', async () => {
  await rig.ok(['bookmark', 'db1', 'exact-from']);
  await writeThrough(uri, 6 * mebibyte, 1);
  await rig.ok(['bookmark', 'db1', 'exact-middle']);
  await wait(5);
  await writeThrough(uri, 6 * mebibyte, 0);
  const words = ['diff', 'db1/root', '--from', 'bookmark:exact-from', '--to', 'now', '--exact'];
  const changes = await rig.json<ChangesReport>(words);
  assert.equal(changes.changedBytes, 0);
  assert.equal(changes.isExact, true);
});

test('each refusal has its own code', async () => {
  writeFileSync(rig.path('small.img'), Buffer.alloc(4096, 1));
  writeFileSync(rig.path('large.img'), Buffer.alloc(9 * mebibyte, 1));
  const now = ['restore', 'db1/root', '--at', 'now', '--to'];
  const to = ['--to', 'x.img'];
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ['UNKNOWN_MACHINE', 3, ['restore', 'nobody/root', '--at', 'now', ...to]],
    ['UNKNOWN_DISK', 3, ['restore', 'db1/nothing', '--at', 'now', ...to]],
    ['NO_POINT_YET', 10, ['restore', 'db1/root', '--at', '2001-02-03', ...to]],
    ['TIME_IN_FUTURE', 10, ['restore', 'db1/root', '--at', '2199-02-03', ...to]],
    ['TIME_NOT_UNDERSTOOD', 2, ['restore', 'db1/root', '--at', 'someday', ...to]],
    ['NOT_FOUND', 3, ['restore', 'db1/root', '--at', 'bookmark:nothing', ...to]],
    ['TARGET_TOO_SMALL', 4, [...now, 'small.img', '--in-place']],
    ['REFUSED', 4, [...now, 'large.img', '--in-place']],
    ['REFUSED', 4, [...now, 'large.img', '--even-if', 'wrong-size']],
    ['NOT_A_DISK', 2, [...now, '/dev/null']],
    ['NOT_FOUND', 3, [...now, 'no-folder/x.img']],
    ['USAGE', 2, [...now, `${rig.dataFolder}/x.img`]],
    ['USAGE', 2, [...now, 'x.img', '--plan']],
    ['USAGE', 2, [...now, 'x.img', '--even-if', 'whatever']],
    ['USAGE', 2, ['restore', 'db1/root', '--at', 'now']],
    ['USAGE', 2, ['diff', 'db1/root', '--from', 'now']],
  ];
  for (const [code, exitCode, words] of cases) {
    const failure = await rig.failure(words);
    assert.equal(failure.code, code, `${words.join(' ')}: ${failure.message}`);
    assert.equal(failure.exitCode, exitCode, words.join(' '));
  }
});

test('a moment in an error is shown in the zone of whoever reads it', async () => {
  const { stderr } = await rig.run(['restore', 'db1/root', '--at', '2001-02-03', '--to', 'x.img']);
  assert.match(stderr, /2001-02-03 00:00:00\.000 \+01:00 \(Europe\/Berlin\)/);
});

test('the timeline shows bars, points and bookmarks', async () => {
  const picture = await rig.ok(['timeline', 'db1/root']);
  assert.match(picture, /█/);
  assert.match(picture, /◆ before/);
  assert.match(picture, /first image of db1\/root/);
  const list = await rig.ok(['timeline', 'db1', '--points', '--limit', '2']);
  assert.match(list, /Older points are left out/);
  assert.equal(list.split('\n').filter((line) => line.startsWith('20')).length, 2);
  const none = await rig.ok(['timeline', 'db1', '--to', '2001-02-03']);
  assert.match(none, /no points there/);
});

test('a bookmark is set once, now or for a moment', async () => {
  const again = await rig.failure(['bookmark', 'db1', 'before']);
  assert.equal(again.code, 'ALREADY_EXISTS');
  const early = await rig.failure(['bookmark', 'db1', 'early', '--at', '2001-02-03']);
  assert.equal(early.code, 'NO_POINT_YET');
  const unknown = await rig.failure(['bookmark', 'nobody', 'x']);
  assert.equal(unknown.code, 'UNKNOWN_MACHINE');
  await rig.ok(['bookmark', 'db1', 'later', '--at', 'now']);
  const at = (await rig.json<TimelineReport>(['timeline', 'db1'])).points.at(-1)!.time;
  const named = await rig.json<{ time: string }>(['bookmark', 'db1', 'named', '--at', at]);
  assert.equal(named.time, at);
  await rig.ok(['restore', 'db1/root', '--at', 'bookmark:named', '--to', 'named.img']);
});

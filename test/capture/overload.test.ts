import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { SecondwindError } from '../../src/base/errors.ts';
import { blockBytes } from '../../src/base/limits.ts';
import { Spool } from '../../src/capture/queue/spool.ts';
import { SlabPool } from '../../src/capture/slab-pool.ts';
import type { Awaitable } from '../../src/disk/disk.ts';
import { MemoryFile } from '../../src/testing/memory-file.ts';
import { CutWatch } from './cut-watch.ts';
import { machine, pickSeed, Rig, randomOf, stateRecorder } from './rig.ts';

const mebibyte = 1024 * 1024;
const seed = pickSeed();

function smallPool(): SlabPool {
  return new SlabPool({ memoryBytesMax: 8 * mebibyte, reserveBytes: 4 * mebibyte });
}

function createSpool(file: MemoryFile, bytesMax: number): Spool {
  return new Spool({ file, key: new Uint8Array(32).fill(7), bytesMax });
}

/** A repository that stands still until told otherwise. */
function block(rig: Rig): () => void {
  let open!: () => void;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  rig.repository.beforeAppend = () => gate;
  return () => {
    rig.repository.beforeAppend = undefined;
    open();
  };
}

/** Random 4 KiB writes; each must end at once, whatever the repository does. Those that the backing refuses are refused. */
async function writeRandom(
  rig: Rig,
  count: number,
  random: (below: number) => number,
  watch?: CutWatch,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const which = random(rig.disks.length);
    const disk = rig.disks[which]!;
    const blocks = Math.floor(disk.backing.sizeBytes / blockBytes);
    const data = Buffer.alloc(blockBytes, 1 + random(255));
    const range = { offsetBytes: random(blocks) * blockBytes, lengthBytes: blockBytes };
    const write = (): Promise<void> => attempt(() => disk.tap!.write(data, range.offsetBytes));
    await (watch === undefined ? write() : watch.during(which, range, write));
    if (i % 64 === 0) await rig.clock.advance(300);
  }
}

async function attempt(write: () => Awaitable<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    assert.match(String(error), /planned fault/);
  }
}

describe(`capture without a repository that keeps up (SEED=${seed})`, () => {
  test('memory full: writes go on, the gap is noted, and the resync makes it equal again', async () => {
    const random = randomOf(seed);
    const { states, observer } = stateRecorder();
    const rig = new Rig();
    rig.addDisk('a', 16 * mebibyte);
    rig.addDisk('b', 16 * mebibyte);
    await rig.start({ pool: smallPool(), windowBytesMax: mebibyte, observer });
    await rig.untilWhole();
    const wholeBefore = rig.repository.commits.length;
    const unblock = block(rig);
    await writeRandom(rig, 100, random);
    await rig.clock.advance(6000);
    assert.equal(rig.capture!.status.state, 'queueing');
    await writeRandom(rig, 3000, random);
    assert.equal(rig.capture!.status.state, 'gap');
    assert.ok(rig.capture!.status.lagMs > 1000);
    unblock();
    await writeRandom(rig, 300, random);
    await rig.untilWhole();
    await rig.assertEqual();
    assert.equal(rig.capture!.status.lagMs, 0);
    const commits = rig.repository.commits.slice(wholeBefore);
    const gaps = commits.flatMap((commit) => commit.notes ?? []).filter((n) => n.kind === 'gap');
    assert.deepEqual(gaps.map((gap) => gap.disk).sort(), ['a', 'b']);
    assert.ok(states.includes('queueing') && states.includes('gap') && states.includes('filling'));
    assertStatesAreHonest(rig, wholeBefore);
    await rig.close();
  });

  test('a spool takes what memory cannot, and nothing is lost', async () => {
    const random = randomOf(seed + 1);
    const { states, observer } = stateRecorder();
    const rig = new Rig();
    rig.addDisk('a', 32 * mebibyte);
    const file = new MemoryFile();
    const spool = createSpool(file, 64 * mebibyte);
    const pool = smallPool();
    await rig.start({ pool, windowBytesMax: mebibyte, spool, observer });
    await rig.untilWhole();
    const unblock = block(rig);
    for (let i = 0; i < 50; i++) {
      await writeRandom(rig, 60, random);
      // Sealing takes real time, which the clock of the test does not know, on a busy machine much of it.
      await wait(5);
      for (let turn = 0; turn < 20 && pool.available('capture') === 0; turn++) await wait(5);
    }
    assert.equal(rig.capture!.status.state, 'spooling');
    assert.ok(rig.capture!.status.spooledBytes > 4 * mebibyte);
    const content = rig.content(rig.disks[0]!);
    assert.ok(!file.content.includes(content.subarray(0, 64)), 'plain data rests in the spool');
    unblock();
    await rig.untilWhole();
    await rig.assertEqual();
    assert.ok(!states.includes('gap'));
    assert.equal(spool.usedBytes, 0);
    assert.equal(gapNotes(rig), 0);
    await rig.close();
  });

  test('a cut whose turn comes while it is being spooled', async () => {
    const random = randomOf(seed + 5);
    const rig = new Rig();
    rig.addDisk('a', 32 * mebibyte);
    const file = new MemoryFile();
    let openFile!: () => void;
    const slow = new Promise<void>((resolve) => {
      openFile = resolve;
    });
    file.delay = () => slow;
    const spool = createSpool(file, 64 * mebibyte);
    await rig.start({ pool: smallPool(), windowBytesMax: mebibyte, spool });
    await rig.untilWhole();
    const unblock = block(rig);
    for (let i = 0; file.operationCount === 0 && i < 100; i++) await writeRandom(rig, 64, random);
    unblock();
    await writeRandom(rig, 2000, random);
    openFile();
    await writeRandom(rig, 1000, random);
    await rig.untilWhole();
    await rig.assertEqual();
    assert.equal(spool.usedBytes, 0);
    await rig.close();
  });

  test('a spool that fails, is full, or lies: a gap, and then equal again', async () => {
    for (const fault of ['write', 'full', 'lies'] as const) {
      const random = randomOf(seed + 2);
      const rig = new Rig();
      rig.addDisk('a', 32 * mebibyte);
      const file = new MemoryFile();
      if (fault === 'write') file.failsAt = (operation) => operation > 3;
      const spool = createSpool(file, (fault === 'full' ? 2 : 64) * mebibyte);
      await rig.start({ pool: smallPool(), windowBytesMax: mebibyte, spool });
      await rig.untilWhole();
      const unblock = block(rig);
      await writeRandom(rig, 3000, random);
      if (fault === 'lies') file.flip(5000);
      unblock();
      await rig.untilWhole();
      await rig.assertEqual();
      assert.ok(gapNotes(rig) > 0, fault);
      await rig.close();
    }
  });

  test('no space, then space: the window is kept, tried again, and nothing is lost', async () => {
    const random = randomOf(seed + 3);
    const rig = new Rig();
    rig.addDisk('a', 8 * mebibyte);
    await rig.start();
    await rig.untilWhole();
    let failures = 0;
    rig.repository.beforeAppend = () => {
      failures++;
      throw new SecondwindError('NO_SPACE', { file: 'the store', action: 'Writing' });
    };
    await writeRandom(rig, 200, random);
    await rig.clock.advance(60_000);
    assert.match(rig.capture!.status.failure!, /No space/);
    assert.ok(failures > 4 && failures < 20, `${failures} attempts`);
    rig.repository.beforeAppend = undefined;
    await rig.untilWhole();
    await rig.assertEqual();
    assert.equal(gapNotes(rig), 0);
    assert.equal(rig.capture!.status.failure, undefined);
    await rig.close();
  });

  test('an append that can never succeed becomes a gap, not a dead end', async () => {
    const random = randomOf(seed + 4);
    const rig = new Rig();
    rig.addDisk('a', 8 * mebibyte);
    await rig.start({ windowBytesMax: mebibyte });
    await rig.untilWhole();
    let failures = 0;
    rig.repository.beforeAppend = () => {
      if (++failures <= 3) throw new SecondwindError('INTERNAL', { reason: 'a bug' });
    };
    await writeRandom(rig, 1000, random);
    await rig.untilWhole();
    await rig.assertEqual();
    assert.ok(gapNotes(rig) > 0);
    await rig.close();
  });

  test('random storms end equal', async () => {
    for (let round = 0; round < 6; round++) await storm(seed + 10 + round);
  });
});

/** Everything at once: failing and slow appends, small memory, a spool that fails now and then, pauses. */
async function storm(roundSeed: number): Promise<void> {
  const random = randomOf(roundSeed);
  const rig = new Rig();
  rig.addDisk('a', 3 * mebibyte);
  rig.addDisk('b', 2 * mebibyte + 512);
  const watch = new CutWatch(rig);
  const file = new MemoryFile();
  file.failsAt = () => random(20) === 0;
  const spool = createSpool(file, 3 * mebibyte);
  const pool = smallPool();
  const capture = await rig.start({ pool, windowBytesMax: mebibyte, spool });
  rig.repository.beforeAppend = async () => {
    if (random(4) === 0) await rig.clock.sleep(random(5000));
    if (random(4) === 0) throw new SecondwindError('NO_SPACE', { file: 'the store' });
    if (random(30) === 0) throw new SecondwindError('INTERNAL', { reason: 'a bug' });
  };
  for (let step = 0; step < 20; step++) {
    await writeRandom(rig, random(400), random, watch);
    const which = random(2);
    const { tap, backing, name } = rig.disks[which]!;
    const half = Math.floor(backing.sizeBytes / 2);
    const range = { offsetBytes: random(half), lengthBytes: 1 + random(half) };
    if (random(3) === 0) {
      const zero = (): Awaitable<void> => tap!.writeZeroes(range.offsetBytes, range.lengthBytes);
      await watch.during(which, range, zero);
    }
    if (random(4) === 0) capture.pauseDisk(name);
    if (random(3) === 0) capture.resumeDisk(name);
    if (random(6) === 0) backing.plan = { only: ['write'], failAt: backing.operationCount + 3 };
    const data = Buffer.alloc(Math.min(range.lengthBytes, 5000), random(256));
    const odd = { offsetBytes: range.offsetBytes, lengthBytes: data.length };
    await watch.during(which, odd, () => attempt(() => tap!.write(data, odd.offsetBytes)));
    await rig.clock.advance(random(10_000));
  }
  for (const disk of rig.disks) capture.resumeDisk(disk.name);
  for (const disk of rig.disks) disk.backing.plan = {};
  rig.repository.beforeAppend = undefined;
  file.failsAt = undefined;
  await rig.untilWhole();
  await rig.assertEqual();
  await watch.assertHonest(0);
  await rig.close();
  assert.equal(pool.usedBytes, 0, 'memory was not given back');
}

/** After a commit that says filling, none says whole before the gap is noted as closed. */
function assertStatesAreHonest(rig: Rig, from: number): void {
  for (const name of ['a', 'b']) {
    let isFilling = false;
    for (const commit of rig.repository.commits.slice(from)) {
      const change = commit.disks.find((disk) => disk.disk === name);
      if (change === undefined) continue;
      const closes =
        commit.notes?.some((note) => note.kind === 'gap' && note.disk === name) ?? false;
      if (isFilling && change.state === 'whole') assert.ok(closes, 'a gap ended in silence');
      isFilling = change.state === 'filling';
    }
  }
  assert.equal(machine, rig.capture!.status.machine);
}

function gapNotes(rig: Rig): number {
  const notes = rig.repository.commits.flatMap((commit) => commit.notes ?? []);
  return notes.filter((note) => note.kind === 'gap').length;
}

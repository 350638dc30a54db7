import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { blockBytes } from '../../src/base/limits.ts';
import { decodeIntentMap, intentExtentBytes } from '../../src/format/intent-map.ts';
import { MemoryFile } from '../../src/testing/memory-file.ts';
import { pickSeed, Rig, type RigDisk, randomOf } from './rig.ts';

const mebibyte = 1024 * 1024;
const extentCount = 4;
const seed = pickSeed();

describe(`a tap after a crash (SEED=${seed})`, () => {
  test('killed at random moments: only marked extents are read, and it is equal again', async () => {
    let partly = 0;
    for (let round = 0; round < 6; round++) partly += await crashes(seed + round, false);
    assert.ok(partly > 0, 'every crash made the whole disk be read: the map bounds nothing');
  });

  test('power lost at random moments, unsynced writes of disk and map with it: equal again', async () => {
    for (let round = 0; round < 6; round++) await crashes(seed + 100 + round, true);
  });

  test('a clean stop reads nothing at the next start', async () => {
    const rig = await wholeRig();
    await rig.disks[0]!.tap!.write(Buffer.alloc(9000, 1), 5000);
    await rig.close();
    await rig.assertEqual();
    const commits = rig.repository.commits.length;
    rig.disks[0]!.backing.below.reads.length = 0;
    await rig.start();
    assert.equal(rig.capture!.status.state, 'protecting');
    await rig.clock.advance(5000);
    assert.deepEqual(rig.disks[0]!.backing.below.reads, []);
    assert.equal(rig.repository.commits.length, commits);
    await rig.close();
  });

  test('a map that is damaged or gone makes everything be compared', async () => {
    for (const damage of ['head', 'sector', 'gone'] as const) {
      const rig = await wholeRig();
      await rig.disks[0]!.tap!.write(Buffer.alloc(9000, 1), 5000);
      await rig.drop();
      const [disk] = rig.disks as [RigDisk];
      if (damage === 'head') disk.intentFile.flip(100);
      if (damage === 'sector') disk.intentFile.flip(600);
      if (damage === 'gone') disk.intentFile = new MemoryFile();
      await rig.start();
      await rig.untilWhole();
      await rig.assertEqual();
      assert.equal(bytesRead(disk), disk.backing.sizeBytes);
      await rig.close();
    }
  });

  test('a backing that was changed while nobody looked is compared', async () => {
    const rig = await wholeRig({ modifiedMicros: 1 });
    await rig.close();
    const [disk] = rig.disks as [RigDisk];
    disk.backing.below.write(Buffer.alloc(4096, 9), 8192);
    disk.backing.below.reads.length = 0;
    const stamp = { sizeBytes: disk.backing.sizeBytes, modifiedMicros: 2 };
    await rig.start({}, { stamp: async () => stamp });
    await rig.untilWhole();
    await rig.assertEqual();
    const notes = rig.repository.commits.flatMap((commit) => commit.notes ?? []);
    assert.match(notes.at(-1)!.text, /changed while it was not captured/);
    await rig.close();
  });

  test('a repository that was set back is compared with, whatever the map says', async () => {
    const rig = await wholeRig();
    const past = rig.repository.afterKill();
    await rig.disks[0]!.tap!.write(Buffer.alloc(4096, 9), 8192);
    await rig.close();
    rig.repository = past;
    await rig.start();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('killed between the end of a comparison and the commit that says so: said at the next start', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 2 * intentExtentBytes);
    await rig.start({ intentActiveAim: 0 });
    await rig.untilWhole();
    await rig.clock.advance(5000);
    assert.deepEqual(markedExtents(disk), []);
    await rig.drop();
    await rig.repository.append({
      ...{ machine: 'web', timeMicros: rig.clock.nowMicros(), consistency: 'crash' },
      disks: [{ disk: 'a', sizeBytes: disk.backing.sizeBytes, state: 'filling', runs: [] }],
    });
    await rig.start();
    await rig.untilWhole();
    await rig.assertEqual();
    assert.deepEqual(disk.backing.below.reads, []);
    await rig.close();
  });

  test('a pause is remembered by the map through a crash', async () => {
    const rig = await wholeRig();
    rig.capture!.pauseDisk('a');
    await rig.disks[0]!.tap!.write(Buffer.alloc(4096, 9), 8192);
    await rig.clock.advance(60_000);
    assert.equal(rig.capture!.status.state, 'paused');
    await rig.drop(() => false);
    await rig.start();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('a map that cannot be written: no write is acknowledged that is not marked', async () => {
    for (let failAt = 1; failAt < 16; failAt++) {
      for (const lasts of [false, true]) await mapFault(failAt, lasts);
    }
  });
});

async function wholeRig(stamp?: { readonly modifiedMicros: number }): Promise<Rig> {
  const rig = new Rig();
  const disk = rig.addDisk('a', 20 * mebibyte + 4096);
  disk.backing.below.write(Buffer.alloc(disk.backing.sizeBytes, 5), 0);
  const full = { sizeBytes: disk.backing.sizeBytes, modifiedMicros: stamp?.modifiedMicros ?? 0 };
  await rig.start({}, stamp === undefined ? {} : { stamp: async () => full });
  await rig.untilWhole();
  return rig;
}

/** Several lives of one disk, each ended without notice. @returns lives after which only a part was read */
async function crashes(roundSeed: number, isPowerLoss: boolean): Promise<number> {
  const random = randomOf(roundSeed);
  const rig = new Rig();
  const disk = rig.addDisk('a', extentCount * intentExtentBytes);
  let partly = 0;
  for (let life = 0; life < 4; life++) {
    await rig.start({ intentActiveAim: 1, windowBytesMax: mebibyte });
    await rig.untilWhole();
    await rig.assertEqual();
    if (life > 0) partly += assertBounded(disk);
    // Some operations outlast cuts and sweeps.
    const delay = async (): Promise<void> =>
      random(6) === 0 ? rig.clock.sleep(random(3000)) : random(3) === 0 ? turn() : undefined;
    disk.backing.plan = { delay };
    disk.intentFile.delay = async () => (random(2) === 0 ? turn() : undefined);
    const writing = Array.from({ length: 4 }, () => write(rig, disk, random));
    for (let i = random(20); i > 0; i--) await rig.clock.advance(random(2000));
    const stopped = Promise.allSettled(writing);
    await rig.drop(isPowerLoss ? () => random(2) === 0 : undefined);
    await rig.clock.advance(20_000);
    await stopped;
    marked = markedExtents(disk);
    disk.backing.below.reads.length = 0;
  }
  await rig.start();
  await rig.untilWhole();
  await rig.assertEqual();
  await rig.close();
  return partly;
}

let marked: readonly number[] = [];

async function write(rig: Rig, disk: RigDisk, random: (below: number) => number): Promise<void> {
  const { tap } = disk;
  let extent = random(extentCount);
  for (let i = 0; i < 60; i++) {
    if (disk.tap !== tap) return;
    if (random(10) === 0) extent = random(extentCount);
    const offsetBytes = extent * intentExtentBytes + random(1000) * blockBytes;
    if (random(8) === 0) await tap!.writeZeroes(offsetBytes + 100, 20_000);
    else
      await tap!.write(Buffer.alloc(blockBytes * (1 + random(20)), 1 + random(255)), offsetBytes);
    if (random(20) === 0) await tap!.flush();
    if (random(6) === 0) await rig.clock.sleep(random(1500));
  }
}

function markedExtents(disk: RigDisk): readonly number[] {
  const { bits } = decodeIntentMap(disk.intentFile.content, disk.backing.sizeBytes);
  const extents = Array.from({ length: extentCount }, (_, extent) => extent);
  return extents.filter((extent) => (bits[0]! & (1 << extent)) !== 0);
}

/** @returns 1 when only a part of the disk was read */
function assertBounded(disk: RigDisk): number {
  for (const read of disk.backing.below.reads) {
    const extent = Math.floor(read.offsetBytes / intentExtentBytes);
    assert.ok(marked.includes(extent), `extent ${extent} was read, marked: ${marked.join()}`);
  }
  return marked.length < extentCount ? 1 : 0;
}

function bytesRead(disk: RigDisk): number {
  return disk.backing.below.reads.reduce((sum, read) => sum + read.lengthBytes, 0);
}

/** Fails one operation on the map, or all from one on, while first touches come in; then loses what was not synced. */
async function mapFault(failAt: number, lasts: boolean): Promise<void> {
  const rig = new Rig();
  const disk = rig.addDisk('a', extentCount * intentExtentBytes);
  await rig.start({ intentActiveAim: 1 });
  await rig.untilWhole();
  const base = disk.intentFile.operationCount;
  disk.intentFile.failsAt = (at) => (lasts ? at >= base + failAt : at === base + failAt);
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const data = Buffer.alloc(blockBytes, 1 + (i % 255));
    try {
      await disk.tap!.write(data, ((i * 3) % extentCount) * intentExtentBytes + i * blockBytes);
    } catch (error) {
      assert.match(String(error), /it was told to/);
      refused++;
    }
    if (i % 4 === 0) await rig.clock.advance(2000);
  }
  assert.ok(lasts || refused === 0, 'a single failure must be tried again');
  await rig.drop(() => false);
  await rig.start();
  await rig.untilWhole();
  await rig.assertEqual();
  await rig.close();
}

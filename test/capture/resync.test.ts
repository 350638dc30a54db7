import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Micros } from '../../src/base/clock.ts';
import type { FillProgress } from '../../src/capture/capture-status.ts';
import { createViewComparer } from '../../src/capture/region-compare.ts';
import type { ComparerOpener } from '../../src/repository/index.ts';
import { OperationLog } from './operation-log.ts';
import { machine, pickSeed, Rig, randomOf } from './rig.ts';

const mebibyte = 1024 * 1024;
const seed = pickSeed();

describe(`resync under load (SEED=${seed})`, () => {
  test('no commit calls a disk whole that is not', async () => {
    let held = 0;
    for (let round = 0; round < 3; round++) held += await busyRound(seed + round);
    assert.ok(held > 20, 'hardly any commit was whole');
  });

  test('a first image of a sparse disk reads only what holds data', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 64 * mebibyte);
    disk.backing.below.write(Buffer.alloc(10_000, 7), 30 * mebibyte - 4096);
    const seen: FillProgress[] = [];
    await rig.start({ observer: { progressed: (_, progress) => seen.push(progress) } });
    await rig.untilWhole();
    const bytes = disk.backing.below.reads.reduce((sum, read) => sum + read.lengthBytes, 0);
    assert.ok(bytes <= 4 * mebibyte, `${bytes} bytes were read`);
    assert.equal(seen.at(-1)!.bytesDone, 64 * mebibyte);
    assert.equal(seen.at(-1)!.bytesTotal, 64 * mebibyte);
    await rig.assertEqual();
    await rig.close();
  });

  test('a comparison that finds nothing appends nothing but its end', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 16 * mebibyte);
    disk.backing.below.write(Buffer.alloc(5 * mebibyte, 7), 3 * mebibyte);
    await rig.start();
    await rig.untilWhole();
    await rig.drop();
    disk.intentFile.flip(0);
    const before = rig.repository.commits.length;
    await rig.start();
    await rig.untilWhole();
    const commits = rig.repository.commits.slice(before);
    assert.deepEqual(
      commits.map((commit) => [commit.disks[0]!.state, commit.disks[0]!.runs.length]),
      [
        ['filling', 0],
        ['whole', 0],
      ],
    );
    assert.equal(commits[1]!.notes![0]!.kind, 'gap');
    await rig.close();
  });

  test('a rate limit is kept', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 16 * mebibyte);
    disk.backing.below.write(Buffer.alloc(16 * mebibyte, 7), 0);
    await rig.start({ resyncBytesPerSecondMax: mebibyte });
    await rig.clock.advance(4000);
    const read = disk.backing.below.reads.reduce((sum, r) => sum + r.lengthBytes, 0);
    assert.ok(read >= 3 * mebibyte && read <= 9 * mebibyte, `${read} bytes in 4 s`);
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('a disk can be removed in the middle, and comes back equal', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 32 * mebibyte);
    disk.backing.below.write(Buffer.alloc(32 * mebibyte, 7), 0);
    const capture = await rig.start({ resyncBytesPerSecondMax: mebibyte });
    await rig.clock.advance(3000);
    await capture.removeDisk('a');
    assert.equal(capture.status.disks.length, 0);
    await rig.clock.advance(3000);
    const { notes } = rig.repository.commits.at(-1)!;
    assert.equal(notes!.at(-1)!.kind, 'removed');
    disk.tap = await capture.addDisk({
      ...{ disk: 'a', backing: disk.backing, intentFile: disk.intentFile },
    });
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('a backing that cannot be read is tried again', async () => {
    const rig = new Rig();
    const disk = rig.addDisk('a', 8 * mebibyte);
    disk.backing.below.write(Buffer.alloc(8 * mebibyte, 7), 0);
    disk.backing.plan = { only: ['read'], failAt: 3, lasts: 'onwards' };
    await rig.start();
    await rig.clock.advance(5000);
    assert.match(rig.capture!.status.failure!, /planned fault/);
    assert.equal(rig.capture!.status.state, 'filling');
    disk.backing.plan = {};
    await rig.untilWhole();
    await rig.assertEqual();
    assert.equal(rig.capture!.status.failure, undefined);
    await rig.close();
  });
});

/** Writers that never stop, on disks that are slow, while capture is paused and resumed and the repository is late. */
async function busyRound(roundSeed: number): Promise<number> {
  const random = randomOf(roundSeed);
  const rig = new Rig();
  const disks = [rig.addDisk('a', 3 * mebibyte), rig.addDisk('b', 3 * mebibyte)];
  const delay = async (): Promise<void> => {
    if (random(5) === 0) return rig.clock.sleep(random(400));
    for (let turns = random(4); turns > 0; turns--) await turn();
  };
  for (const disk of disks) disk.backing.plan = { delay };
  rig.repository.beforeAppend = () => (random(3) === 0 ? rig.clock.sleep(random(2000)) : undefined);
  const events = { count: 0 };
  const cuts = new Map<Micros, number>();
  rig.atCut = (timeMicros) => void cuts.set(timeMicros, ++events.count);
  const comparers: ComparerOpener = {
    openComparer: (view) => {
      const comparer = createViewComparer(view);
      return {
        // What was read grows stale while it is compared.
        compare: async (region, content) => {
          await delay();
          return comparer.compare(region, content);
        },
      };
    },
  };
  const capture = await rig.start({ windowBytesMax: mebibyte / 2, comparers });
  const logs = disks.map(() => new OperationLog(events));
  let writersLeft = 4;
  const writer = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      const which = random(2);
      await logs[which]!.operate(disks[which]!.tap!, random);
      if (random(4) === 0) await rig.clock.sleep(random(1000));
    }
    writersLeft--;
  };
  const writing = Array.from({ length: writersLeft }, writer);
  while (writersLeft > 0) {
    await rig.clock.advance(random(400));
    if (random(12) === 0) capture.pauseDisk(disks[random(2)]!.name);
    if (random(2) === 0) capture.resumeDisk(disks[random(2)]!.name);
  }
  await Promise.all(writing);
  for (const disk of disks) capture.resumeDisk(disk.name);
  await rig.untilWhole();
  await rig.assertEqual();
  const held = await assertWholeOnes(rig, logs, cuts);
  await rig.close();
  return held;
}

async function assertWholeOnes(
  rig: Rig,
  logs: readonly OperationLog[],
  cuts: ReadonlyMap<Micros, number>,
): Promise<number> {
  let held = 0;
  const states = rig.disks.map(() => 'filling');
  for (const commit of rig.repository.commits) {
    for (const change of commit.disks) {
      states[rig.disks.findIndex((disk) => disk.name === change.disk)] = change.state;
    }
    for (const [which, disk] of rig.disks.entries()) {
      if (states[which] !== 'whole') continue;
      const name = { machine, disk: disk.name };
      const stored = await rig.repository.contentAt(name, commit.timeMicros);
      logs[which]!.assertConsistent(stored, cuts.get(commit.timeMicros)!);
      held++;
    }
  }
  return held;
}

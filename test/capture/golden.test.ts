import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Micros } from '../../src/base/clock.ts';
import { OperationLog } from './operation-log.ts';
import { firstDifference, machine, pickSeed, Rig, type RigDisk, randomOf } from './rig.ts';

const mebibyte = 1024 * 1024;
const seed = pickSeed();

describe(`capture against a model (SEED=${seed})`, () => {
  test('every cut is the disk at its instant, byte for byte', async () => {
    for (let round = 0; round < 3; round++) await serialRound(seed + round);
  });

  test('with many writes under way, every cut has all that was acknowledged and nothing that was not issued', async () => {
    for (let round = 0; round < 3; round++) await concurrentRound(seed + round);
  });
});

/** One operation after the other on a backing that answers at once: the model is exact at every instant. */
async function serialRound(roundSeed: number): Promise<void> {
  const random = randomOf(roundSeed);
  const rig = new Rig();
  const disks = [rig.addDisk('a', 6 * mebibyte), rig.addDisk('b', 5 * mebibyte + 1536)];
  const models = disks.map((disk) => Buffer.alloc(disk.backing.sizeBytes));
  const snapshots = new Map<Micros, Buffer[]>();
  await rig.start({ windowBytesMax: mebibyte }, { cutAtEveryFlush: roundSeed % 2 === 0 });
  await rig.untilWhole();
  rig.atCut = (timeMicros) =>
    void snapshots.set(
      timeMicros,
      models.map((m) => Buffer.from(m)),
    );
  const before = rig.repository.commits.length;
  for (let i = 0; i < 150; i++) {
    const which = random(2);
    await operate(disks[which]!, models[which]!, random);
    if (random(8) === 0) await rig.clock.advance(random(2500));
  }
  await rig.clock.advance(3000);
  await rig.assertEqual();
  const commits = rig.repository.commits.slice(before);
  assert.ok(commits.length > 5, 'too few commits to mean anything');
  for (const commit of commits) {
    const snapshot = snapshots.get(commit.timeMicros);
    assert.ok(snapshot !== undefined, 'a commit without a cut');
    for (const [which, disk] of disks.entries()) {
      const stored = await rig.repository.contentAt(
        { machine, disk: disk.name },
        commit.timeMicros,
      );
      assert.equal(firstDifference(stored, snapshot[which]!), -1, `commit ${commit.sequence}`);
      assert.ok(commit.disks.every((change) => change.state === 'whole'));
    }
  }
  await rig.close();
}

async function operate(
  disk: RigDisk,
  model: Buffer,
  random: (below: number) => number,
): Promise<void> {
  const unit = [4096, 4096, 512, 1][random(4)]!;
  const lengthBytes = Math.min(unit * (1 + random(random(3) === 0 ? 600 : 8)), model.length);
  const offsetBytes = Math.floor(random(model.length - lengthBytes + 1) / unit) * unit;
  const kind = random(10);
  const end = offsetBytes + lengthBytes;
  if (kind < 6) {
    const data = Buffer.alloc(lengthBytes, 1 + random(255));
    data.copy(model, offsetBytes);
    await disk.tap!.write(data, offsetBytes, random(6) === 0 ? { isForced: true } : {});
  } else if (kind < 7) {
    model.fill(0, offsetBytes, end);
    await disk.tap!.writeZeroes(offsetBytes, lengthBytes, { mayTrim: random(2) === 0 });
  } else if (kind < 8) {
    model.fill(0, offsetBytes, end);
    await disk.tap!.trim(offsetBytes, lengthBytes);
  } else if (kind < 9) {
    await disk.tap!.flush();
  } else {
    const target = Buffer.alloc(lengthBytes);
    await disk.tap!.read(target, offsetBytes);
    assert.ok(target.equals(model.subarray(offsetBytes, end)));
  }
}

/** Writers at once on two disks. */
async function concurrentRound(roundSeed: number): Promise<void> {
  const random = randomOf(roundSeed);
  const rig = new Rig();
  const disks = [rig.addDisk('a', 3 * mebibyte), rig.addDisk('b', 3 * mebibyte)];
  for (const disk of disks) {
    disk.backing.plan = {
      delay: async () => {
        for (let turns = random(4); turns > 0; turns--) await turn();
      },
    };
  }
  const events = { count: 0 };
  const cuts = new Map<Micros, number>();
  const logs = disks.map(() => new OperationLog(events));
  await rig.start({ windowBytesMax: mebibyte / 4 });
  await rig.untilWhole();
  rig.atCut = (timeMicros) => void cuts.set(timeMicros, ++events.count);
  const before = rig.repository.commits.length;
  const writer = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      const which = random(2);
      await logs[which]!.operate(disks[which]!.tap!, random);
      if (random(10) === 0) await rig.clock.advance(random(1500));
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  await rig.clock.advance(3000);
  await rig.assertEqual();
  const commits = rig.repository.commits.slice(before);
  assert.ok(commits.length > 5);
  for (const commit of commits) {
    for (const [which, disk] of disks.entries()) {
      const name = { machine, disk: disk.name };
      const stored = await rig.repository.contentAt(name, commit.timeMicros);
      logs[which]!.assertConsistent(stored, cuts.get(commit.timeMicros)!);
    }
  }
  await rig.close();
}

import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Micros } from '../../src/base/clock.ts';
import { firstDifference, machine, pickSeed, randomOf, Rig, type RigDisk } from './rig.ts';

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
  rig.atCut = (timeMicros) => void snapshots.set(timeMicros, models.map((m) => Buffer.from(m)));
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
      const stored = await rig.repository.contentAt({ machine, disk: disk.name }, commit.timeMicros);
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

interface Operation {
  readonly firstSector: number;
  readonly endSector: number;
  readonly isZero: boolean;
  readonly issuedAt: number;
  ackedAt: number;
}

const sectorBytes = 512;

/** Writers at once on two disks; every sector says which operation wrote it last. */
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
  let now = 0;
  const cuts = new Map<Micros, number>();
  const logs: Operation[][] = [[], []];
  await rig.start({ windowBytesMax: mebibyte / 4 });
  await rig.untilWhole();
  rig.atCut = (timeMicros) => void cuts.set(timeMicros, ++now);
  const before = rig.repository.commits.length;
  const writer = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      const which = random(2);
      const operation = issue(logs[which]!, random, ++now);
      const { firstSector, endSector, isZero } = operation;
      const id = logs[which]!.length;
      const start = firstSector * sectorBytes;
      const lengthBytes = (endSector - firstSector) * sectorBytes;
      if (isZero) await disks[which]!.tap!.writeZeroes(start, lengthBytes);
      else await disks[which]!.tap!.write(tagged(lengthBytes, id), start);
      operation.ackedAt = ++now;
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
      const stored = await rig.repository.contentAt({ machine, disk: disk.name }, commit.timeMicros);
      assertConsistent(stored, logs[which]!, cuts.get(commit.timeMicros)!);
    }
  }
  await rig.close();
}

function issue(log: Operation[], random: (below: number) => number, issuedAt: number): Operation {
  const sectors = random(3) === 0 ? 1 + random(2000) : 8 * (1 + random(4));
  const firstSector = random(3) === 0 ? random(6144 - sectors) : 8 * random((6144 - sectors) / 8);
  const endSector = firstSector + sectors;
  const isZero = random(6) === 0;
  const operation = { firstSector, endSector, isZero, issuedAt, ackedAt: Infinity };
  log.push(operation);
  return operation;
}

function tagged(lengthBytes: number, id: number): Uint8Array {
  const data = Buffer.alloc(lengthBytes);
  for (let at = 0; at < lengthBytes; at += sectorBytes) data.writeUInt32LE(id, at);
  return data;
}

/** Each sector holds what an operation wrote that is at least as new as the newest acknowledged one, and was issued. */
function assertConsistent(stored: Buffer, log: readonly Operation[], cutAt: number): void {
  const sectorCount = stored.length / sectorBytes;
  const allowed: number[][] = Array.from({ length: sectorCount }, () => [0]);
  for (const [index, operation] of log.entries()) {
    if (operation.issuedAt > cutAt) continue;
    const value = operation.isZero ? 0 : index + 1;
    for (let sector = operation.firstSector; sector < operation.endSector; sector++) {
      if (operation.ackedAt < cutAt) allowed[sector] = [value];
      else allowed[sector]!.push(value);
    }
  }
  for (let sector = 0; sector < sectorCount; sector++) {
    const found = stored.readUInt32LE(sector * sectorBytes);
    if (!allowed[sector]!.includes(found)) {
      assert.fail(`sector ${sector} holds ${found}, allowed ${allowed[sector]!.join()}`);
    }
  }
}

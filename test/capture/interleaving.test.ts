import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createViewComparer } from '../../src/capture/region-compare.ts';
import { intentExtentBytes } from '../../src/format/intent-map.ts';
import type { ComparerOpener } from '../../src/repository/index.ts';
import { Rig, type RigDisk } from './rig.ts';

const mebibyte = 1024 * 1024;
const old = Buffer.alloc(4096, 1);
const during = Buffer.alloc(4096, 2);
const fresh = Buffer.alloc(4096, 3);

/** A door that tests open. */
class Gate {
  open!: () => void;
  readonly opened: Promise<void> = new Promise((resolve) => {
    this.open = resolve;
  });
  /** Whether it stops anybody. */
  isArmed: boolean;
  /** Whether somebody stands before it. */
  isReached = false;

  constructor(isArmed = false) {
    this.isArmed = isArmed;
  }

  async pass(): Promise<void> {
    if (!this.isArmed) return;
    this.isReached = true;
    await this.opened;
  }
}

/** A whole disk of 16 MiB that holds `old` in its first six regions, and comparers that stop at a gate. */
async function prepare(
  gate?: Gate,
  pass: (region: number) => Promise<void> | undefined = () => gate?.pass(),
): Promise<{ rig: Rig; disk: RigDisk }> {
  const rig = new Rig();
  const disk = rig.addDisk('a', 4 * intentExtentBytes);
  disk.backing.below.write(Buffer.alloc(6 * mebibyte, 1), 0);
  const comparers: ComparerOpener = {
    openComparer: (view) => {
      const comparer = createViewComparer(view);
      return {
        compare: async (region, content) => {
          await pass(region);
          return comparer.compare(region, content);
        },
      };
    },
  };
  await rig.start({ comparers, intentActiveAim: 1 });
  await rig.untilWhole();
  if (gate !== undefined) gate.isArmed = true;
  return { rig, disk };
}

/** Leaves the first region dirty with `during` in its first block. */
async function makeDirty(rig: Rig, disk: RigDisk): Promise<void> {
  rig.capture!.pauseDisk('a');
  await disk.tap!.write(during, 0);
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await turn();
  assert.ok(condition());
}

describe('what must not happen when a write meets', () => {
  test('a comparison: being undone by what was read before it', async () => {
    const gate = new Gate();
    const { rig, disk } = await prepare(gate);
    await makeDirty(rig, disk);
    rig.capture!.resumeDisk('a');
    await until(() => gate.isReached);
    await disk.tap!.write(fresh, 0);
    gate.open();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('the start of a comparison: being undone by what was read while it was under way', async () => {
    const [first, last] = [new Gate(), new Gate()];
    const { rig, disk } = await prepare(first, (region) => (region < 5 ? first : last).pass());
    last.isArmed = true;
    rig.capture!.pauseDisk('a');
    for (let region = 0; region < 6; region++) await disk.tap!.write(during, region * mebibyte);
    rig.capture!.resumeDisk('a');
    await until(() => first.isReached);
    const slow = new Gate(true);
    disk.backing.plan = { delay: () => slow.pass() };
    const writing = disk.tap!.write(fresh, 5 * mebibyte);
    disk.backing.plan = {};
    first.open();
    await rig.clock.advance(3000);
    slow.open();
    await writing;
    last.open();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('the end of a comparison: the disk called whole before the write is in', async () => {
    const gate = new Gate();
    const { rig, disk } = await prepare(gate);
    await makeDirty(rig, disk);
    rig.capture!.resumeDisk('a');
    await until(() => gate.isReached);
    const slow = new Gate(true);
    disk.backing.plan = { delay: () => slow.pass() };
    const writing = disk.tap!.write(fresh, 0);
    disk.backing.plan = {};
    gate.open();
    await rig.clock.advance(3000);
    assert.equal(rig.capture!.status.state, 'filling');
    slow.open();
    await writing;
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('a late repository: a comparison with a view that lacks what is still queued', async () => {
    const { rig, disk } = await prepare();
    const late = new Gate(true);
    rig.repository.beforeAppend = () => late.pass();
    await disk.tap!.write(during, 0);
    await rig.clock.advance(2000);
    rig.capture!.pauseDisk('a');
    await disk.tap!.write(old, 0);
    rig.capture!.resumeDisk('a');
    await rig.clock.advance(5000);
    late.open();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('a sweep of the intent map: its mark cleared while it is not stored', async () => {
    const { rig, disk } = await prepare();
    for (let i = 0; i < 4; i++) await disk.tap!.write(during, i * intentExtentBytes);
    const flushing = new Gate(true);
    disk.backing.plan = { only: [], delay: () => flushing.pass() };
    await rig.clock.advance(2000);
    await until(() => flushing.isReached);
    disk.backing.plan = {};
    rig.repository.beforeAppend = () => rig.clock.sleep(60_000);
    for (let i = 0; i < 4; i++) await disk.tap!.write(fresh, i * intentExtentBytes);
    flushing.open();
    await rig.clock.advance(2000);
    await rig.drop();
    await rig.start();
    await rig.untilWhole();
    await rig.assertEqual();
    await rig.close();
  });

  test('the start of a gap: what was captured before it not being a point', async () => {
    const { rig, disk } = await prepare();
    await disk.tap!.write(during, 7 * mebibyte);
    rig.capture!.pauseDisk('a');
    await disk.tap!.write(fresh, 2 * mebibyte);
    await rig.clock.advance(100);
    const states = rig.repository.commits.slice(-2).map((commit) => commit.disks[0]!);
    assert.deepEqual(
      states.map((change) => [change.state, change.runs[0]?.firstBlock]),
      [
        ['whole', 1792],
        ['filling', undefined],
      ],
    );
    await rig.close();
  });

  test('a backing that fails: half of it being there unnoticed', async () => {
    const { rig, disk } = await prepare();
    disk.backing.below.tearsNext = true;
    // Whether the write may go ahead at once depends on what was active in the intent map.
    await assert.rejects(async () => disk.tap!.write(fresh, 0), /torn/);
    await rig.untilWhole();
    await rig.assertEqual();
    const notes = rig.repository.commits.flatMap((commit) => commit.notes ?? []);
    assert.equal(notes.at(-1)?.text, 'a write to the backing failed');
    await rig.close();
  });

  test('a bookmark: a point that has not everything acknowledged before it', async () => {
    const { rig, disk } = await prepare();
    await disk.tap!.write(fresh, 0);
    const note = { kind: 'bookmark', text: 'before the update' } as const;
    const asked = rig.capture!.cutNow({ notes: [note], consistency: 'application' });
    await disk.tap!.write(during, 0);
    await rig.clock.advance(10);
    const receipt = await asked;
    const content = await rig.repository.contentAt(
      { machine: 'web', disk: 'a' },
      receipt.timeMicros,
    );
    assert.ok(content.subarray(0, 4096).equals(fresh));
    const commit = rig.repository.commits.find((c) => c.timeMicros === receipt.timeMicros)!;
    assert.deepEqual([commit.consistency, commit.notes], ['application', [note]]);
    rig.capture!.pauseDisk('a');
    await disk.tap!.write(old, 0);
    await assert.rejects(rig.capture!.cutNow(), { code: 'NOT_CAPTURED' });
    await rig.close();
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diskContent, scribble } from '../../../test/recovery/disk-content.ts';
import { contentOf, viewOf } from '../../../test/recovery/memory-view.ts';
import { VolatileDisk } from '../../../test/recovery/volatile-disk.ts';
import { systemClock as clock } from '../../base/system-clock.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import { FaultyDisk } from '../../testing/faulty-disk.ts';
import { restoreDisk } from './restore-disk.ts';
import type { RestoreReport } from './restore-options.ts';
import { unfinishedIn } from './unfinished-mark.ts';

const megabyte = 2 ** 20;
const modes = ['whole', 'in-place'] as const;

/** What is to be restored, and what stands there before: both with a head of their own. */
function pair(seed: number): { readonly wanted: Buffer; readonly before: Buffer } {
  const wanted = diskContent(4 * megabyte + 4096, seed);
  const before = Buffer.from(wanted);
  scribble(before, 25, seed + 1);
  wanted.write('the head that is wanted');
  before.write('the head that was before');
  return { wanted, before };
}

function restoreTo(
  disk: WritableDisk,
  wanted: Buffer,
  mode: 'whole' | 'in-place',
): Promise<RestoreReport> {
  const target = { disk, label: 'target' };
  return restoreDisk({ view: viewOf(wanted), target, mode, clock });
}

/** Nobody may take a mixture for either disk: its first block is a mark, or all of it is one of the two. */
function assertHonest(found: Buffer, wanted: Buffer, before: Buffer): void {
  if (found.equals(before) || found.equals(wanted)) return;
  const head = found.subarray(0, 4096);
  assert.match(unfinishedIn(head) ?? 'no mark', /^web\/root as it stood at 2025-11-21T/);
}

for (const mode of modes) {
  describe(`a restore (${mode}) over something that exists`, () => {
    test('that fails at any operation is marked, and the next one finishes it', async () => {
      const { wanted, before } = pair(1);
      let failures = 0;
      for (const lasts of ['once', 'onwards'] as const) {
        for (let failAt = 1; ; failAt++) {
          const memory = new MemoryDisk(before.length);
          memory.write(before, 0);
          const faulty = new FaultyDisk(memory, { failAt, lasts });
          const outcome = await Promise.allSettled([restoreTo(faulty, wanted, mode)]);
          if (outcome[0].status === 'fulfilled') break;
          failures += 1;
          assertHonest(await contentOf(memory), wanted, before);
          await restoreTo(memory, wanted, mode);
          assert.ok((await contentOf(memory)).equals(wanted), `after a fault at ${failAt}`);
        }
      }
      assert.ok(failures > 10, `${failures} operations failed`);
    });

    test('that loses power at any change is marked, whatever was lost, and the next one finishes it', async () => {
      const { wanted, before } = pair(2);
      for (let powerLossAt = 1; ; powerLossAt++) {
        const disk = new VolatileDisk(before, powerLossAt);
        const outcome = await Promise.allSettled([restoreTo(disk, wanted, mode)]);
        const seed = powerLossAt * 7;
        const found = disk.afterPowerLoss(seed);
        if (outcome[0].status === 'fulfilled') {
          assert.ok(found.equals(wanted), 'something of a finished restore was lost');
          assert.ok(powerLossAt > 10);
          break;
        }
        assertHonest(found, wanted, before);
        const again = new VolatileDisk(found);
        await restoreTo(again, wanted, mode);
        assert.ok(again.afterPowerLoss(seed).equals(wanted), `seed ${seed}`);
      }
    });
  });
}

test('a view that fails is told as it failed, and nothing else is written', async () => {
  const { wanted, before } = pair(3);
  const view = viewOf(wanted);
  view.read = () => {
    throw new Error('damaged');
  };
  const memory = new MemoryDisk(before.length);
  memory.write(before, 0);
  const target = { disk: memory, label: 'target' };
  await assert.rejects(restoreDisk({ view, target, mode: 'in-place', clock }), /damaged/);
  assert.ok((await contentOf(memory)).equals(before));
});

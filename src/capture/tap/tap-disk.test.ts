import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import { testWritableDisk } from '../../testing/disk-conformance.ts';
import { FaultyDisk } from '../../testing/faulty-disk.ts';
import { MemoryFile } from '../../testing/memory-file.ts';
import { MemoryRepository } from '../../testing/memory-repository.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { createCapturePool } from '../create-capture-pool.ts';
import { MachineCapture } from '../machine-capture.ts';
import type { TapDisk } from './tap-disk.ts';

async function tapOf(backing: MemoryDisk | FaultyDisk): Promise<TapDisk> {
  const repository = new MemoryRepository();
  const clock = new VirtualClock();
  const capture = new MachineCapture({
    ...{ machine: 'web', sink: repository, views: repository, clock },
    pool: createCapturePool(),
  });
  const tap = await capture.addDisk({ disk: 'a', backing, intentFile: new MemoryFile() });
  await clock.advance(100);
  assert.equal(capture.status.state, 'protecting');
  return tap;
}

testWritableDisk('a tap', async (sizeBytes) => ({ disk: await tapOf(new MemoryDisk(sizeBytes)) }));

testWritableDisk('a tap of a slow disk', async (sizeBytes) => ({
  disk: await tapOf(new FaultyDisk(new MemoryDisk(sizeBytes), { delay: () => turn() })),
}));

test('a write to a marked extent of a disk that answers at once is answered at once', async () => {
  const tap = await tapOf(new MemoryDisk(1024 * 1024));
  const data = Buffer.alloc(4096, 1);
  await tap.write(data, 0);
  assert.equal(tap.write(data, 4096), undefined);
  assert.equal(tap.write(data, 0, { isForced: true }), undefined);
});

test('hints and abilities of the backing pass through', async () => {
  const asked: number[] = [];
  const backing = Object.assign(new MemoryDisk(8192), {
    prefetch: (offsetBytes: number) => void asked.push(offsetBytes),
  });
  const tap = await tapOf(backing);
  await tap.prefetch(4096, 4096);
  assert.deepEqual(asked, [4096]);
  assert.equal(tap.isFastToZero, true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRepository } from '../../testing/memory-repository.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { unhurriedMs } from './limits.ts';
import { Rests, UnhurriedView } from './unhurried-view.ts';

test('after a stretch of work every reader of the check rests as long', async () => {
  const clock = new VirtualClock();
  const repository = new MemoryRepository();
  const change = { disk: 'root', sizeBytes: 8192, state: 'whole', runs: [] } as const;
  const request = { machine: 'db1', timeMicros: 1, consistency: 'crash', disks: [change] } as const;
  await repository.append(request);
  const below = await repository.openView({ machine: 'db1', disk: 'root' }, 1);
  const rests = new Rests(clock);
  const views = [new UnhurriedView(below, rests), new UnhurriedView(below, rests)] as const;
  let readCount = 0;
  const read = (index: 0 | 1): void =>
    void Promise.resolve(views[index].read(new Uint8Array(512), 0)).then(() => (readCount += 1));
  read(0);
  await clock.advance(unhurriedMs - 1);
  read(1);
  await clock.advance(1);
  assert.equal(readCount, 2, 'it has not worked long enough to rest');
  read(0);
  read(1);
  await clock.advance(unhurriedMs - 1);
  assert.equal(readCount, 2, 'it rests');
  await clock.advance(1);
  assert.equal(readCount, 4);
  read(0);
  await clock.advance(0);
  assert.equal(readCount, 5, 'it has rested');
  assert.equal(views[0].sizeBytes, 8192);
});

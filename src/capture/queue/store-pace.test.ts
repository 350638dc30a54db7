import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { storePaceBytesPerSecond } from '../../base/limits.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { StorePace } from './store-pace.ts';

const cutBytes = 32 * 1024 * 1024;

/** Captures and stores cuts as fast as the pace lets them, for a while. @returns cuts stored, and cuts that wait */
async function burst(
  pace: StorePace,
  clock: VirtualClock,
  plan: { readonly seconds: number; readonly bytesPerSecond: number },
): Promise<{ stored: number; waiting: number }> {
  let captured = 0;
  let stored = 0;
  let nextMs = clock.steadyMs();
  const startMs = nextMs;
  while (clock.steadyMs() < startMs + plan.seconds * 1000) {
    const elapsedMs = clock.steadyMs() - startMs;
    while ((captured + 1) * cutBytes <= (elapsedMs / 1000) * plan.bytesPerSecond) {
      pace.captured(cutBytes);
      captured++;
    }
    if (stored < captured && clock.steadyMs() >= nextMs) {
      nextMs = clock.steadyMs() + pace.wait(cutBytes);
      stored++;
    }
    await clock.advance(10);
  }
  return { stored, waiting: captured - stored };
}

test('a burst is stored at the pace, and caught up with at once when it is over', async () => {
  const clock = new VirtualClock();
  const pace = new StorePace(clock);
  const seconds = 4;
  const { stored, waiting } = await burst(pace, clock, { seconds, bytesPerSecond: 400e6 });
  const paced = (storePaceBytesPerSecond * seconds) / cutBytes;
  assert.ok(Math.abs(stored - paced) <= 2, `${stored} stored, ${paced} by the pace`);
  assert.ok(waiting > 20, 'the burst was faster than the pace');
  await clock.advance(1100);
  for (let cut = 0; cut < waiting; cut++) assert.equal(pace.wait(cutBytes), 0);
});

test('what is captured at 100 MB/s, and at the pace, never waits longer than a cut takes', async () => {
  for (const bytesPerSecond of [20e6, 100e6, storePaceBytesPerSecond]) {
    const clock = new VirtualClock();
    const { waiting } = await burst(new StorePace(clock), clock, { seconds: 20, bytesPerSecond });
    assert.ok(waiting <= 1, `${waiting} cuts wait at ${bytesPerSecond}`);
  }
});

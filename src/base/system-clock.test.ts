import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './system-clock.ts';

test('the wall clock is that of the system, in microseconds', () => {
  const micros = systemClock.nowMicros();
  assert(Number.isSafeInteger(micros));
  assert(Math.abs(micros / 1000 - Date.now()) < 5000);
});

test('sleeping takes its time and can be ended early', async () => {
  const started = systemClock.steadyMs();
  await systemClock.sleep(20);
  assert(systemClock.steadyMs() - started >= 19);
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(sleeping);
});

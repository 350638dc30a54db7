import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { runAll } from './awaitable.ts';

test('completes at once when every step does', () => {
  let count = 0;
  const step = (): void => {
    count += 1;
  };
  assert.equal(runAll([step, step, step]), undefined);
  assert.equal(count, 3);
});

test('ends only when all steps have ended, with the first error', async () => {
  for (const failsAtOnce of [true, false]) {
    let isEnded = false;
    const slow = async (): Promise<void> => {
      await wait(5);
      isEnded = true;
    };
    const failing = (): Promise<void> => {
      const error = new Error('planned');
      if (failsAtOnce) throw error;
      return Promise.reject(error);
    };
    await assert.rejects(async () => runAll([slow, failing]), /planned/);
    assert.equal(isEnded, true);
  }
});

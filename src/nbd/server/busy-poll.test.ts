import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nbdPollLostMs, nbdPollMs, nbdPollPauseMs } from '../../base/limits.ts';
import { BusyPoll } from './busy-poll.ts';

function pollAt(): { poll: BusyPoll; pass: (ms: number) => void; serve: (gapMs: number) => void } {
  let nowMs = 1;
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  const poll = new BusyPoll({
    nowMicros: () => 0,
    steadyMs: () => nowMs,
    sleep: () => Promise.resolve(),
  });
  const serve = (gapMs: number): void => {
    pass(gapMs);
    poll.arrived();
    poll.answered();
  };
  return { poll, pass, serve };
}

test('polls once requests follow quickly, and stops when none comes', async () => {
  const { poll, pass, serve } = pollAt();
  for (let count = 0; count < 4; count += 1) serve(0.01);
  assert.equal(poll.isTurning, false, 'the first was no succession');
  serve(0.01);
  assert.equal(poll.isTurning, true);
  await nextTurn();
  assert.equal(poll.isTurning, true);
  pass(nbdPollMs);
  await nextTurn();
  await nextTurn();
  assert.equal(poll.isTurning, false);
});

test('does not poll for a client that thinks', async () => {
  const { poll, serve } = pollAt();
  for (let count = 0; count < 100; count += 1) {
    serve(1);
    assert.equal(poll.isTurning, false);
    await nextTurn();
  }
});

test('sleeps for a while where others want the processor', async () => {
  const { poll, pass, serve } = pollAt();
  for (let count = 0; count < 8; count += 1) serve(0.01);
  pass(nbdPollLostMs * 2);
  await nextTurn();
  await nextTurn();
  for (let count = 0; count < 8; count += 1) serve(0.01);
  assert.equal(poll.isTurning, false);
  pass(nbdPollPauseMs);
  for (let count = 0; count < 8; count += 1) serve(0.01);
  assert.equal(poll.isTurning, true);
  pass(nbdPollMs);
  await nextTurn();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  syncBytesMax,
  syncPauseMsMax,
  syncPauseMsMin,
  syncSavedMsMax,
  syncSlowMs,
} from '../base/limits.ts';
import { SyncGate } from './sync-gate.ts';

function gateAt(): { gate: SyncGate; pass: (ms: number) => void; operate: (ms: number) => void } {
  let nowMs = 1;
  const gate = new SyncGate({
    nowMicros: () => 0,
    steadyMs: () => nowMs,
    sleep: () => Promise.resolve(),
  });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  const operate = (ms: number): void => {
    const startMs = nowMs;
    pass(ms);
    gate.record(startMs);
  };
  return { gate, pass, operate };
}

test('stays open while operations are quick, for small requests only', () => {
  const { gate, operate } = gateAt();
  operate(syncSlowMs / 2);
  assert.equal(gate.isOpenFor(syncBytesMax), true);
  assert.equal(gate.isOpenFor(syncBytesMax + 1), false);
});

test('closes after slow operations and tries again after the pause', () => {
  const { gate, pass, operate } = gateAt();
  operate(syncSlowMs * 2);
  assert.equal(gate.isOpenFor(1), false);
  pass(syncPauseMsMin);
  assert.equal(gate.isOpenFor(1), true);
});

test('bears slow operations for as long as quick ones have saved, and no longer', () => {
  const { gate, operate } = gateAt();
  for (let count = 0; count < 10_000; count += 1) operate(0.001);
  let stalledMs = 0;
  while (gate.isOpenFor(1)) {
    operate(1);
    stalledMs += 1;
  }
  assert.ok(stalledMs > syncSavedMsMax && stalledMs <= syncSavedMsMax + 1);
});

test('pauses twice as long when it is soon slow again, up to a limit, and trusts again after quick ones', () => {
  const { gate, pass, operate } = gateAt();
  operate(1);
  for (let pauseMs = syncPauseMsMin; pauseMs < syncPauseMsMax; pauseMs *= 2) {
    pass(pauseMs - 0.5);
    assert.equal(gate.isOpenFor(1), false);
    pass(0.5);
    assert.equal(gate.isOpenFor(1), true);
    operate(1);
  }
  pass(syncPauseMsMax);
  assert.equal(gate.isOpenFor(1), true);
  for (let trial = 0; trial < 100; trial += 1) operate(0);
  operate(syncSavedMsMax + 1);
  assert.equal(gate.isOpenFor(1), false);
  pass(syncPauseMsMin);
  assert.equal(gate.isOpenFor(1), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killStorm } from './processes/kill-storm.ts';
import { seedOfRun } from './processes/seed-of-run.ts';

const cycles = 10;

test('a process that is killed while it appends loses nothing it acknowledged', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const report = await killStorm({ seed, cycles });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.acknowledgedCount > cycles, 'hardly anything was stored');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOfRun } from './processes/seed-of-run.ts';
import { killServers } from './processes/server-kill.ts';

const cycles = 2;

test('a server that is killed under load keeps every point, and tells what it could not keep', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const report = await killServers({ seed, cycles });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.acknowledgedBlocks > 1000, 'hardly anything was written');
  assert.ok(report.refusals >= cycles, 'no moment in a gap was asked for');
});

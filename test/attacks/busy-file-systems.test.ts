import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoreBusy } from './processes/busy-file-system.ts';
import { seedOfRun } from './processes/seed-of-run.ts';

for (const [kind, diskMebibytes] of [
  ['ext4', 96],
  ['xfs', 320],
] as const) {
  test(`every moment of a busy ${kind} is one that its journal mends`, async (t) => {
    const seed = seedOfRun();
    t.diagnostic(`SEED=${seed}`);
    const report = await restoreBusy({ seed, kind, diskMebibytes, workMs: 3000, moments: 3 });
    t.diagnostic(JSON.stringify(report));
    assert.ok(report.filesWhole > 0, 'no restored moment held a finished file');
  });
}

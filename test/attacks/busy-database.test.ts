import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoreDatabase } from './processes/busy-database.ts';
import { seedOfRun } from './processes/seed-of-run.ts';

test('a PostgreSQL under load starts at every moment, with every row that was committed by then', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const report = await restoreDatabase({ seed, workMs: 4000, moments: 2 });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.rowsAcknowledged > 10, 'hardly anything was committed');
});

import { describe, test } from 'node:test';
import { seedOfRun } from '../attacks/processes/seed-of-run.ts';
import { cutConnections } from './cut-connections.ts';

const seed = seedOfRun();

describe(`exchange (SEED=${seed})`, () => {
  test('150 cuts, at borders of messages and inside of them: nothing twice, nothing missing', async (t) => {
    const report = await cutConnections({ seed, cycles: 150, say: (line) => t.diagnostic(line) });
    t.diagnostic(JSON.stringify(report));
  });
});

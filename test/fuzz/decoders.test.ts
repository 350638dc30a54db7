import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';
import { allTargets } from './targets/all-targets.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32));
const cases = Number(process.env['CASES'] ?? 3200);

for (const target of allTargets) {
  test(`${target.name} bears ${cases} broken inputs (SEED=${seed})`, async (context) => {
    const { acceptedCount, slowestMs, allocatedBytes } = await fuzz(target, { cases, seed });
    const worst = `slowest ${slowestMs.toFixed(1)} ms, most memory ${allocatedBytes} bytes`;
    context.diagnostic(`${acceptedCount} accepted, ${worst}`);
  });
}

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, test } from 'node:test';
import { fuzzImage } from './fuzz-image.ts';
import { imageTargets } from './targets/image-targets.ts';

/** A failure is repeated with SEED=…; CASES=… tries more than there is time for every day, as `npm run fuzz -- images` does. */
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32));
const cases = Number(process.env['CASES'] ?? 150);
let refusedCount = 0;

for (const target of imageTargets) {
  test(`${target.name}: ${cases} broken images end in an answer (SEED=${seed})`, async (context) => {
    const report = await fuzzImage(target, { cases, seed });
    context.diagnostic(JSON.stringify(report));
    assert(report.openedCount > cases / 30, 'not all are refused at once');
    refusedCount += report.refusedCount;
  });
}

after(() => assert(refusedCount > cases, 'what is broken is told'));

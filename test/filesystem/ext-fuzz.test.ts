import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { extFuzzImage, fuzzImageNames } from './ext-fuzz-image.ts';
import { fuzzImage } from './fuzz-images.ts';

/** A failure is repeated with SEED=…; CASES=… tries more than there is time for every day. */
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32));
const cases = Number(process.env['CASES'] ?? 100);

for (const name of fuzzImageNames) {
  test(`tells of what is broken in an ext image with ${name}, and goes on`, async () => {
    const report = await fuzzImage(await extFuzzImage(name), { seed, cases });
    assert(report.opened > cases / 2, `seed ${seed}`);
    assert(report.refused > cases / 10, `seed ${seed}`);
  });
}

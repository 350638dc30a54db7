import { integerBelow, secureRandom } from '../../../src/base/random.ts';

/** The seed from the environment, to repeat a run, or a new one. */
export function seedOfRun(): number {
  return Number(process.env['SEED'] ?? integerBelow(secureRandom, 1_000_000));
}

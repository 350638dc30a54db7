import { integerBelow, type Random } from '../../src/base/random.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import type { JobOf, OperationName, ResultOf } from '../../src/pipeline/operation-table.ts';

/** Most turns that anything waits. */
const turnsMax = 40;

/**
 * Waits a little; nothing but the order of what is under way depends on it.
 * @param random - decides how long
 */
export async function pauseBy(random: Random): Promise<void> {
  for (let turn = integerBelow(random, turnsMax); turn > 0; turn--) await Promise.resolve();
}

/** Runs operations in the caller's thread, but not in the order in which they were asked for: as worker threads do. */
export class JitterPipeline extends InlinePipeline {
  readonly #random: Random;

  /** @param random - decides the order */
  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override async run<Name extends OperationName>(
    name: Name,
    job: JobOf<Name>,
  ): Promise<ResultOf<Name>> {
    await pauseBy(this.#random);
    const result = await super.run(name, job);
    await pauseBy(this.#random);
    return result;
  }
}

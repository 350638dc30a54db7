import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findSpans, type PathHistory, type PathState } from './version-search.ts';

/** A history of commits 1 … n, each with the signature that the path has from then on. */
function historyOf(
  signatures: readonly string[],
  noise: readonly number[],
  delay: number,
): PathHistory<PathState> & { looks: number } {
  return {
    looks: 0,
    firstMicros: 1,
    async at(micros) {
      this.looks += 1;
      const pointMicros = Math.min(micros, signatures.length);
      return { pointMicros, signature: signatures[pointMicros - 1]! };
    },
    // A change shows where the file lies only a while later, as with a journal; other changes show there too.
    async *changes(_state, toMicros) {
      for (let moment = Math.min(toMicros, signatures.length); moment > 1; moment -= 1) {
        const changed = moment - delay;
        const isChange = changed > 1 && signatures[changed - 1] !== signatures[changed - 2];
        if (isChange || noise.includes(moment)) yield moment;
      }
    },
  };
}

function expected(signatures: readonly string[]): string[] {
  return signatures
    .flatMap((signature, index) =>
      signature === signatures[index - 1] ? [] : [`${index + 1} ${signature}`],
    )
    .reverse();
}

async function found(history: PathHistory<PathState>, to: number): Promise<string[]> {
  const spans = await Array.fromAsync(findSpans(history, to));
  return spans.map(({ fromMicros, state }) => `${fromMicros} ${state.signature}`);
}

test('finds every version, whatever else changes in the same places, and however late it shows', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
  const noise = fc.array(fc.integer({ min: 1, max: 60 }));
  await fc.assert(
    fc.asyncProperty(
      lengths,
      noise,
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      async (spans, others, delay, isLate) => {
        const signatures = spans.flatMap((length, index) =>
          new Array<string>(length).fill(isLate && index === 0 ? '' : `v${index}`),
        );
        assert.deepEqual(
          await found(historyOf(signatures, others, delay), signatures.length),
          expected(signatures),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('looks at few of many moments', async () => {
  const signatures = Array.from({ length: 20_000 }, (_, index) => `v${Math.floor(index / 1999)}`);
  const noise = signatures.map((_, index) => index);
  const set = new Set(noise);
  const history = historyOf(signatures, [], 0);
  const busy = {
    ...history,
    async *changes(_state: PathState, toMicros: number) {
      for (let moment = Math.min(toMicros, signatures.length); moment > 1; moment -= 1)
        if (set.has(moment)) yield moment;
    },
  };
  assert.deepEqual(await found(busy, signatures.length), expected(signatures));
  assert(busy.looks < 400, `${busy.looks} looks`);
});

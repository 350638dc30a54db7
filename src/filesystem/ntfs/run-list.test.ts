import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appendRuns, RunList } from './run-list.ts';

const bounds = { clusterCount: 1000, endCluster: 100 };

/** As mkntfs and Windows write them: the fewest bytes that hold each number with its sign. */
function encodeRuns(runs: readonly (readonly [number, number | undefined])[]): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const [count, place] of runs) {
    const length = signedBytes(count);
    const distance = place === undefined ? [] : signedBytes(place - last);
    bytes.push((distance.length << 4) | length.length, ...length, ...distance);
    last = place ?? last;
  }
  return Uint8Array.from([...bytes, 0]);
}

function signedBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 256)) {
    bytes.push(rest & 0xff);
    if (rest >= -128 && rest < 128) return bytes;
  }
}

test('gives back the runs that were encoded, neighbours as one', () => {
  const run = fc.tuple(
    fc.integer({ min: 1, max: 70_000 }),
    fc.option(fc.nat(2 ** 40), { nil: undefined }),
  );
  fc.assert(
    fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
      const list = new RunList();
      const endCluster = runs.reduce((sum, [count]) => sum + count, 0);
      const fault = appendRuns(list, encodeRuns(runs), { clusterCount: 2 ** 41, endCluster });
      assert.equal(fault, undefined);
      let start = 0;
      for (const [count, place] of runs) {
        const found = list.find(start + count - 1);
        const skip = start + count - 1 - found.startCluster;
        const expected = place === undefined ? undefined : place + count - 1;
        assert.equal(
          found.volumeCluster === undefined ? undefined : found.volumeCluster + skip,
          expected,
        );
        start += count;
      }
    }),
  );
});

test('tells what is wrong with runs that leave the volume, the stream or their bytes', () => {
  const fault = (bytes: Uint8Array): string | undefined => appendRuns(new RunList(), bytes, bounds);
  assert.match(fault(encodeRuns([[100, 901]])) ?? '', /outside the volume/);
  assert.match(fault(encodeRuns([[100, -1]])) ?? '', /outside the volume/);
  assert.match(fault(encodeRuns([[101, 5]])) ?? '', /beyond 100/);
  assert.match(fault(encodeRuns([[99, 5]])) ?? '', /end at cluster 99 and not at 100/);
  assert.match(fault(Uint8Array.of(0x11, 0, 5, 0)) ?? '', /0 clusters/);
  assert.match(fault(Uint8Array.of(0x12, 100)) ?? '', /cut off/);
  assert.match(fault(Uint8Array.of(0x18, 1, 1, 1, 1, 1, 1, 1, 0x7f, 5, 0)) ?? '', /beyond 100/);
  assert.equal(fault(encodeRuns([[100, 900]])), undefined);
});

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockIndex, noPosition } from './block-index.ts';

type Step =
  | { readonly kind: 'set'; readonly block: number; readonly position: number }
  | { readonly kind: 'forget'; readonly first: number; readonly count: number }
  | { readonly kind: 'clear' };

// Blocks that lie 2^32 apart fall into the same place of the table.
const block = fc
  .tuple(fc.nat(40), fc.constantFrom(0, 2 ** 32, 2 ** 37))
  .map(([low, high]) => low + high);
const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('set' as const), block, position: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('forget' as const),
      first: block,
      count: fc.nat(2000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

test('an index knows what a map knows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const index = new BlockIndex();
      const model = new Map<number, number>();
      for (const next of steps) apply(index, model, next);
      const { blocks, positions } = index.sorted();
      const expected = [...model].sort(([left], [right]) => left - right);
      assert.deepEqual(
        [...blocks].map((b, i) => [b, positions[i]]),
        expected,
      );
    }),
  );
});

function apply(index: BlockIndex, model: Map<number, number>, next: Step): void {
  if (next.kind === 'set') {
    index.reserve(1);
    const slot = index.slot(next.block);
    assert.equal(index.positionAt(slot), model.get(next.block) ?? noPosition);
    index.setPositionAt(slot, next.position);
    model.set(next.block, next.position);
  } else if (next.kind === 'forget') {
    const end = next.first + next.count;
    index.forget(next.first, end);
    for (const known of [...model.keys()])
      if (known >= next.first && known < end) model.delete(known);
  } else {
    index.clear();
    model.clear();
  }
}

test('an index grows, keeps what it knew, and is empty after clearing', () => {
  const index = new BlockIndex();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 20_000; i++) {
      index.reserve(1);
      index.setPositionAt(index.slot((i * 7919) % 1_000_003), i);
    }
    assert.equal(index.count, 20_000);
    for (let i = 0; i < 20_000; i++) {
      assert.equal(index.positionAt(index.find((i * 7919) % 1_000_003)), i);
    }
    index.clear();
    assert.equal(index.find(7919), -1);
  }
});

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { slabBytes } from '../base/limits.ts';
import { SlabPool } from './slab-pool.ts';

test('capturing leaves the reserve to draining', () => {
  const pool = new SlabPool({ memoryBytesMax: 4 * slabBytes, reserveBytes: 2 * slabBytes });
  assert.ok(pool.take('capture') >= 0);
  assert.ok(pool.take('capture') >= 0);
  assert.equal(pool.take('capture'), -1);
  assert.equal(pool.available('drain'), 2);
  assert.ok(pool.take('drain') >= 0);
  assert.ok(pool.take('drain') >= 0);
  assert.equal(pool.take('drain'), -1);
  assert.equal(pool.usedBytes, 4 * slabBytes);
});

test('a slab is free when the last holder lets go', () => {
  const pool = new SlabPool({ memoryBytesMax: 2 * slabBytes, reserveBytes: slabBytes });
  const slab = pool.take('capture');
  pool.retain(slab);
  pool.release(slab);
  assert.equal(pool.available('capture'), 0);
  pool.release(slab);
  assert.equal(pool.available('capture'), 1);
  assert.throws(() => pool.release(slab), { name: 'AssertionError' });
  assert.equal(pool.take('capture'), slab);
});

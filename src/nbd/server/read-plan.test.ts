import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nbdDescriptorsMax, nbdReadPiecesMax } from '../../base/limits.ts';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { allocationOf } from './allocation.ts';
import { planRead, structuredReadBytes } from './read-plan.ts';

function alternating(count: number, lengthBytes: number): DiskExtent[] {
  return Array.from({ length: count }, (_, index) => ({ lengthBytes, isHole: index % 2 === 1 }));
}

test('a read is cut where holes are, and what is not known of is data', () => {
  const span = { offsetBytes: 1000, lengthBytes: 10_000 };
  const pieces = planRead(span, alternating(2, 3000));
  assert.deepEqual(pieces, [
    { offsetBytes: 1000, lengthBytes: 3000, isHole: false },
    { offsetBytes: 4000, lengthBytes: 3000, isHole: true },
    { offsetBytes: 7000, lengthBytes: 4000, isHole: false },
  ]);
  assert.equal(structuredReadBytes(pieces), 28 + 3000 + 32 + 28 + 4000);
});

test('a read with too many holes is sent as one', () => {
  const span = { offsetBytes: 0, lengthBytes: 100 * nbdReadPiecesMax };
  const pieces = planRead(span, alternating(nbdReadPiecesMax, 100));
  assert.deepEqual(pieces, [{ ...span, isHole: false }]);
});

test('an answer about allocation stops at its limits, and always tells something', async () => {
  const ragged: ReadableDisk = {
    sizeBytes: 2 ** 40,
    read: () => undefined,
    extents: (offsetBytes) => [{ lengthBytes: 512, isHole: (offsetBytes / 512) % 2 === 0 }],
    close: () => Promise.resolve(),
  };
  const span = { offsetBytes: 0, lengthBytes: 2 ** 31 };
  const few = await allocationOf(ragged, span, false);
  assert.ok(few.length > 0 && few.length < nbdDescriptorsMax, 'the questions are limited');
  assert.deepEqual(await allocationOf(ragged, span, true), [{ lengthBytes: 512, isHole: true }]);
  const fine = { ...ragged, extents: () => alternating(nbdDescriptorsMax * 2, 512) };
  assert.equal((await allocationOf(fine, span, false)).length, nbdDescriptorsMax);
});

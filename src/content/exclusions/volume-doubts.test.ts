import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import type { Volume } from '../../filesystem/volume.ts';
import { placeDoubt } from './volume-doubts.ts';

/** A volume in one piece, or without a place. */
function volume(address: string, start: number, end: number, more: Partial<Volume> = {}): Volume {
  const lengthBytes = end - start;
  const stripes = [{ disk: 'sda', offsetBytes: start }];
  const spans = [{ startBytes: 0, lengthBytes, stripeBytes: lengthBytes, stripes }];
  return {
    ...{ address, kind: 'partition', type: '', label: '', partitionUuid: '', notes: [] },
    ...{ disk: new MemoryDisk(0), sizeBytes: lengthBytes },
    spans: lengthBytes === 0 ? [] : spans,
    ...more,
  };
}

const logical = { kind: 'logical-volume' } as const;

test('partitions that share a byte are doubtful, those side by side are not', () => {
  const [one, two, three] = [
    volume('sda/1', 0, 10),
    volume('sda/2', 10, 20),
    volume('sda/3', 19, 30),
  ];
  assert.equal(placeDoubt(one, [one, two, three]), undefined);
  assert.equal(placeDoubt(two, [one, two, three]), 'it overlaps sda/3');
  assert.equal(placeDoubt(three, [one, two, three]), 'it overlaps sda/2');
});

test('a logical volume lies on its physical ones, unless these overlap, or a snapshot shows its blocks', () => {
  const member = volume('sda/2', 10, 40, { isMember: true, refusal: 'it is a physical volume' });
  const root = volume('vg/root', 12, 20, logical);
  const swap = volume('vg/swap', 20, 25, { ...logical, refusal: 'it is swap space' });
  const snapshot = volume('vg/then', 0, 0, { ...logical, refusal: 'it is a snapshot' });
  const other = volume('other/then', 0, 0, { ...logical, refusal: 'it is a snapshot' });
  assert.equal(placeDoubt(root, [member, root, swap, other]), undefined);
  assert.equal(placeDoubt(swap, [member, root, swap]), undefined);
  assert.match(placeDoubt(root, [member, root, swap, snapshot])!, /may belong to vg\/then/);
  assert.match(
    placeDoubt(root, [member, volume('sda/1', 0, 11), root])!,
    /sda\/2, on which it lies/,
  );
  assert.match(placeDoubt(root, [{ ...member, isMember: false }, root])!, /overlaps sda\/2/);
  assert.match(
    placeDoubt(root, [member, root, volume('vg/mad', 19, 22, logical)])!,
    /overlaps vg\/mad/,
  );
});

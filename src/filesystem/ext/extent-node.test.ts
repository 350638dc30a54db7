import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeExtentNode,
  type ExpectedNode,
  type ExtentNode,
  entryBefore,
  extentAt,
} from './extent-node.ts';

// The 60 bytes of an inode with a written extent of 3 blocks at 0 and a preallocated one of 2 at 7.
const root = Buffer.from(
  '0af302000400000000000000' +
    '000000000300000001040000' +
    '070000000280010010270000' +
    '00'.repeat(24),
  'hex',
);
const anywhere = { start: 0, end: Infinity };

function decoded(bytes: Uint8Array): ExtentNode {
  const node = decodeExtentNode(bytes, anywhere);
  assert(typeof node !== 'string');
  return node;
}

/** What is wrong with a node that is refused. */
function refusal(bytes: Uint8Array, expected: ExpectedNode): string {
  const reason = decodeExtentNode(bytes, expected);
  assert(typeof reason === 'string');
  return reason;
}

/** The root with 16 bits of it changed. */
function changed(at: number, value: number): Buffer {
  const bytes = Buffer.from(root);
  bytes.writeUInt16LE(value, at);
  return bytes;
}

test('tells written extents from those that were only set aside', () => {
  const node = decoded(root);
  assert.deepEqual(extentAt(node, 0), { start: 0, blockCount: 3, block: 0x401, isWritten: true });
  const block = 2 ** 32 + 0x2710;
  assert.deepEqual(extentAt(node, 1), { start: 7, blockCount: 2, block, isWritten: false });
});

test('finds the last entry that begins before a block', () => {
  const node = decoded(root);
  assert.deepEqual(
    [0, 2, 6, 7, 100].map((block) => entryBefore(node, block)),
    [0, 0, 0, 1, 1],
  );
});

test('refuses what contradicts itself', () => {
  const reasons: readonly (readonly [Buffer, RegExp])[] = [
    [changed(0, 0), /magic/],
    [changed(2, 5), /room/],
    [changed(4, 5), /room/],
    [changed(6, 6), /depth/],
    [changed(16, 8), /order/],
    [changed(16, 0), /order/],
  ];
  for (const [bytes, reason] of reasons) {
    assert.match(refusal(bytes, anywhere), reason);
  }
  assert.match(refusal(root, { start: 1, end: Infinity }), /order/);
  assert.match(refusal(root, { start: 0, end: 8 }), /order/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEntries } from './directory-block.ts';

/** An entry; longer than it needs when `lengthBytes` is given. */
function entry(inode: number, name: string, lengthBytes?: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes ?? (8 + name.length + 3) & ~3);
  bytes.writeUInt32LE(inode, 0);
  bytes.writeUInt16LE(bytes.length, 4);
  bytes[6] = name.length;
  bytes[7] = 1;
  bytes.write(name, 8, 'latin1');
  return bytes;
}

const decode = (...pieces: readonly Buffer[]): ReturnType<typeof decodeEntries> =>
  decodeEntries({ bytes: Buffer.concat(pieces), hasFileTypes: true });

test('leaves out what is unused, and the names of the directory itself and its parent', () => {
  const found = decode(entry(2, '.'), entry(2, '..'), entry(0, 'gone'), entry(12, 'a', 64));
  assert(typeof found !== 'string');
  assert.deepEqual(
    found.map(({ inode, name }) => [inode, Buffer.from(name).toString()]),
    [[12, 'a']],
  );
});

test('refuses entries that do not fill the block, or whose name does not fit', () => {
  const overlong = entry(12, 'name');
  overlong[6] = 5;
  const nameless = entry(12, 'name');
  nameless[6] = 0;
  const endless = entry(12, 'name');
  endless.writeUInt16LE(0, 4);
  for (const bytes of [overlong, nameless, endless, entry(12, 'x').subarray(0, 10)]) {
    assert.equal(typeof decode(bytes), 'string');
  }
});

test('reads lengths as blocks of 64 KiB have them', () => {
  const whole = entry(12, 'a', 65_532);
  const bytes = Buffer.concat([whole, Buffer.alloc(4)]);
  bytes.writeUInt16LE(0, 4);
  const found = decode(bytes);
  assert(typeof found !== 'string' && found.length === 1);
});

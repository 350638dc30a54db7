import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directoryHash } from './directory-hash.ts';

// What "debugfs -R 'dx_hash -h KIND [-s SEED] NAME'" of e2fsprogs 1.47.0 prints. The seed is the words of this UUID's bytes.
const uuid = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
const seed = [0, 4, 8, 12].map((at) => uuid.readUInt32LE(at));
const noSeed = [0, 0, 0, 0];
const long = 'a-name-that-is-longer-than-32-bytes-by-some';

const printed: readonly (readonly [number, readonly number[], string, number])[] = [
  [0, seed, 'hello-world', 0xd42c991a],
  [0, noSeed, long, 0x56984c28],
  [0, noSeed, 'Überlänge', 0xc7d593c0],
  [1, seed, 'hello-world', 0xe25f0966],
  [1, noSeed, long, 0x3c011f66],
  [1, noSeed, 'Überlänge', 0x9843de32],
  [2, seed, 'hello-world', 0x6c7bf208],
  [2, noSeed, long, 0x9e2da154],
  [2, noSeed, 'Überlänge', 0xd60ba720],
];

test('hashes names as e2fsprogs does', () => {
  for (const [kind, words, name, expected] of printed) {
    const method = { kind, isUnsigned: false, seed: words };
    assert.equal(directoryHash(method, Buffer.from(name)), expected, `kind ${kind}, ${name}`);
  }
});

test('counts bytes above 127 as positive where that is asked for', () => {
  const hash = (kind: number, isUnsigned: boolean, name: string): number | undefined =>
    directoryHash({ kind, isUnsigned, seed: noSeed }, Buffer.from(name));
  for (const kind of [0, 1, 2]) {
    assert.notEqual(hash(kind, true, 'Überlänge'), hash(kind, false, 'Überlänge'));
    assert.equal(hash(kind, true, 'plain'), hash(kind, false, 'plain'));
  }
});

test('knows no other kind', () => {
  assert.equal(
    directoryHash({ kind: 6, isUnsigned: false, seed: noSeed }, Buffer.from('x')),
    undefined,
  );
});

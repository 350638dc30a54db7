import { strict as assert } from 'node:assert';
import { createHash, randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkedJsonBytesMax, decodeCheckedJson, encodeCheckedJson } from './checked-json.ts';
import { FormatFault } from './format-fault.ts';
import { decodeKeySlot, encodeKeySlot, type KeySlot, keyLabelCharactersMax } from './key-slot.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const base64 = (lengthBytes: number): string => Buffer.alloc(lengthBytes, 9).toString('base64');
const slot: KeySlot = {
  format: 1,
  id: '0123456789abcdef',
  kind: 'passphrase',
  label: 'Ada’s',
  created: '2026-11-21T14:05:09.250Z',
  scrypt: { N: 131072, r: 8, p: 1 },
  salt: base64(32),
  nonce: base64(12),
  wrapped: base64(48),
};
const golden = `{
  "format": 1,
  "id": "0123456789abcdef",
  "kind": "passphrase",
  "label": "Ada’s",
  "created": "2026-11-21T14:05:09.250Z",
  "scrypt": {
    "N": 131072,
    "r": 8,
    "p": 1
  },
  "salt": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=",
  "nonce": "CQkJCQkJCQkJCQkJ",
  "wrapped": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ",
  "checksum": "801932c1c0931455b8c48ea2f3bb993f"
}
`;

describe(`key slot (SEED=${seed})`, () => {
  test('it has not changed since version 1', () => {
    assert.equal(Buffer.from(encodeKeySlot(slot)).toString('utf8'), golden);
    assert.deepEqual(decodeKeySlot(Buffer.from(golden)), slot);
  });

  test('the checksum is that of the JSON without it and without spaces', () => {
    const digest = createHash('sha256').update(JSON.stringify(slot)).digest('hex');
    assert(golden.includes(`"checksum": "${digest.slice(0, 32)}"`));
  });

  test('any label comes back, and any flipped bit is found', () => {
    const label = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.toWellFormed());
    const property = fc.property(label, fc.nat(), (text, bit) => {
      const bytes = Buffer.from(encodeKeySlot({ ...slot, label: text }));
      assert.deepEqual(decodeKeySlot(bytes), { ...slot, label: text });
      const at = (bit >> 3) % bytes.length;
      bytes[at]! ^= 1 << (bit % 8);
      // A flipped bit outside of any field, such as a space that became a tab, may be harmless; but never another slot.
      const decoded = decodedOrUndefined(bytes);
      if (decoded !== undefined) assert.deepEqual(decoded, { ...slot, label: text });
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  test('impossible fields are refused although the checksum is right', () => {
    const scrypt = slot.scrypt;
    const impossible: readonly object[] = [
      { format: 0 },
      { format: '1' },
      { id: '0123456789ABCDEF' },
      { id: '../../../etc/pass' },
      { kind: 'other' },
      { label: 'x'.repeat(keyLabelCharactersMax + 1) },
      { label: 7 },
      { created: '<yesterday>' },
      { scrypt: undefined },
      { scrypt: { ...scrypt, N: 3 } },
      { scrypt: { ...scrypt, N: 0 } },
      { scrypt: { ...scrypt, N: 2 ** 21 } },
      { scrypt: { ...scrypt, N: '131072' } },
      { scrypt: { ...scrypt, r: 17 } },
      { scrypt: { ...scrypt, r: 0.5 } },
      { scrypt: { ...scrypt, p: 5 } },
      { salt: base64(31) },
      { nonce: base64(13) },
      { wrapped: base64(47) },
      { wrapped: [1] },
    ];
    for (const fields of impossible) {
      const bytes = encodeCheckedJson({ ...slot, ...fields });
      assert.throws(() => decodeKeySlot(bytes), /impossible field/, JSON.stringify(fields));
    }
  });

  test('a newer slot is refused in words', () => {
    const bytes = encodeCheckedJson({ ...slot, format: 2 });
    assert.throws(() => decodeKeySlot(bytes), /newer key slot 2/);
  });
});

describe('checked JSON', () => {
  test('what is none is refused', () => {
    for (const text of ['', '{', 'null', '7', '"text"', '[]', '{}', '{"checksum":1}', '\0']) {
      assert.throws(() => decodeCheckedJson(Buffer.from(text)), FormatFault, text);
    }
  });

  test('it is refused unread when it is too long', () => {
    const long = encodeCheckedJson({ text: 'x'.repeat(checkedJsonBytesMax) });
    assert.throws(() => decodeCheckedJson(long), /too long/);
  });

  test('names that mean something to JavaScript are fields like others', () => {
    const fields = JSON.parse('{"__proto__": {"format": 1}, "constructor": 2}') as object;
    const decoded = decodeCheckedJson(encodeCheckedJson(fields));
    assert.equal(decoded['format'], undefined);
    assert.equal(decoded['constructor'], 2);
  });

  test('nesting as deep as the longest file allows is borne', () => {
    const half = checkedJsonBytesMax / 2 - 16;
    const text = `{"a":${'['.repeat(half)}${']'.repeat(half)}}`;
    assert.throws(() => decodeCheckedJson(Buffer.from(text)), /checksum does not match/);
  });
});

function decodedOrUndefined(bytes: Uint8Array): KeySlot | undefined {
  try {
    return decodeKeySlot(bytes);
  } catch (error) {
    if (error instanceof FormatFault) return undefined;
    throw error;
  }
}

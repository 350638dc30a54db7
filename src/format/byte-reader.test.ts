import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FormatFault } from './format-fault.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));

type Field =
  | { readonly kind: 'u8' | 'u16' | 'u32' | 'u64'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const fields: fc.Arbitrary<readonly Field[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
    fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
    fc.record({
      kind: fc.constant('u32' as const),
      value: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    }),
    fc.record({ kind: fc.constant('u64' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array() }),
  ),
);

function write(writer: ByteWriter, field: Field): void {
  if (field.kind === 'text') writer.text(field.value);
  else if (field.kind === 'bytes') writer.bytes(field.value);
  else writer[field.kind](field.value);
}

function read(reader: ByteReader, field: Field): Field['value'] {
  if (field.kind === 'text') return reader.text(0xffff);
  return field.kind === 'bytes' ? reader.bytes(field.value.length) : reader[field.kind]();
}

describe(`byte reader and writer (SEED=${seed})`, () => {
  test('numbers are little-endian, texts are preceded by their length', () => {
    const writer = new ByteWriter(1).u8(0x01).u16(0x0302).u32(0x07060504).u64(0x0e0d0c0b0a0908);
    const bytes = writer.text('ä').bytes(Uint8Array.of(9)).finish();
    assert.equal(Buffer.from(bytes).toString('hex'), '0102030405060708090a0b0c0d0e000200c3a409');
  });

  test('what was written is read again, however much memory was guessed', () => {
    const property = fc.property(fields, fc.nat(300), (all, guess) => {
      const writer = new ByteWriter(guess);
      for (const field of all) write(writer, field);
      const bytes = writer.finish();
      assert.equal(writer.position, bytes.length);
      // In the middle of other memory, as payloads are.
      const around = Buffer.concat([Buffer.alloc(3, 0xee), bytes, Buffer.alloc(5, 0xee)]);
      const reader = new ByteReader(around.subarray(3, 3 + bytes.length));
      for (const field of all) assert.deepEqual(read(reader, field), normal(field.value));
      assert.equal(reader.remaining, 0);
      reader.end();
    });
    fc.assert(property, { seed, numRuns: 1000 });
  });

  test('every cut is noticed', () => {
    const property = fc.property(fields, fc.nat(), (all, cut) => {
      const writer = new ByteWriter(64);
      for (const field of all) write(writer, field);
      const bytes = writer.finish();
      if (bytes.length === 0) return;
      const reader = new ByteReader(bytes.subarray(0, cut % bytes.length));
      assert.throws(() => {
        for (const field of all) read(reader, field);
      }, FormatFault);
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  test('a text keeps its byte order mark and its end', () => {
    const bytes = new ByteWriter(64).text('\uFEFFfirst\0').text('second').finish();
    const reader = new ByteReader(bytes);
    assert.equal(reader.text(100), '\uFEFFfirst\0');
    assert.equal(reader.text(100), 'second');
  });

  test('a text that is too long or not UTF-8 is refused', () => {
    const reason = (bytes: readonly number[], max: number) => (): string =>
      new ByteReader(Uint8Array.from(bytes)).text(max);
    assert.equal(reason([2, 0, 0x61, 0x62], 2)(), 'ab');
    assert.throws(reason([2, 0, 0x61, 0x62], 1), /too long/);
    assert.throws(reason([2, 0, 0xc3, 0x28], 2), /not UTF-8/);
    assert.throws(reason([3, 0, 0xed, 0xa0, 0x80], 9), /not UTF-8/);
    assert.throws(reason([3, 0, 0x61, 0x62], 9), /end early/);
  });

  test('64-bit numbers beyond the safe integers are refused', () => {
    const of = (hex: string): ByteReader => new ByteReader(Buffer.from(hex, 'hex'));
    assert.equal(of('ffffffffffff1f00').u64(), Number.MAX_SAFE_INTEGER);
    assert.throws(() => of('0000000000002000').u64(), FormatFault);
    assert.throws(() => of('ffffffffffffffff').u64(), FormatFault);
  });

  test('a count is believed only when its items can be there', () => {
    const bytes = new ByteWriter(64).u32(3).bytes(new Uint8Array(6)).finish();
    assert.equal(new ByteReader(bytes).count(2), 3);
    assert.throws(() => new ByteReader(bytes).count(3), /count is too large/);
    const huge = new ByteWriter(64).u32(2 ** 32 - 1).finish();
    assert.throws(() => new ByteReader(huge).count(1), /count is too large/);
  });

  test('bytes left over are noticed', () => {
    const reader = new ByteReader(new Uint8Array(2));
    reader.u8();
    assert.throws(() => reader.end(), { name: 'FormatFault', offsetBytes: 1 });
  });

  test('a number that does not fit its field is a bug, never another number', () => {
    const writer = new ByteWriter(64);
    for (const value of [-1, 256, 0.5, Number.NaN]) assert.throws(() => writer.u8(value));
    for (const value of [-1, 0x10000, 0.5, Number.NaN]) assert.throws(() => writer.u16(value));
    for (const value of [-1, 2 ** 32, 0.5, Number.NaN]) assert.throws(() => writer.u32(value));
    for (const value of [-1, 2 ** 53, 0.5, Number.NaN]) assert.throws(() => writer.u64(value));
    assert.throws(() => writer.text('x'.repeat(0x10000)));
    assert.equal(writer.position, 0);
  });
});

/** Lone surrogates have no UTF-8; borrowed bytes are of the class of their source. */
function normal(value: Field['value']): Field['value'] {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' ? value : Buffer.from(value);
}

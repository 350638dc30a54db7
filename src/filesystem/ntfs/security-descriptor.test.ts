import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { securityDescriptorText } from './security-descriptor.ts';

function identity(authority: number, ...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 + 4 * numbers.length);
  bytes[0] = 1;
  bytes[1] = numbers.length;
  bytes.writeUIntBE(authority, 2, 6);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, 8 + 4 * index);
  return bytes;
}

function entry(type: number, flags: number, rights: number, who: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = type;
  bytes[1] = flags;
  bytes.writeUInt16LE(8 + who.length, 2);
  bytes.writeUInt32LE(rights, 4);
  return Buffer.concat([bytes, who]);
}

function list(...entries: readonly Buffer[]): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = 2;
  const whole = Buffer.concat([bytes, ...entries]);
  whole.writeUInt16LE(whole.length, 2);
  whole.writeUInt16LE(entries.length, 4);
  return whole;
}

function descriptor(control: number, parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 1;
  header.writeUInt16LE(control, 2);
  // Owner, group, log, access: in the order of their fields.
  let at = header.length;
  for (const [index, part] of parts.entries()) {
    if (part.length > 0) header.writeUInt32LE(at, 4 + 4 * index);
    at += part.length;
  }
  return Buffer.concat([header, ...parts]);
}

const administrators = identity(5, 32, 544);
const system = identity(5, 18);
const somebody = identity(5, 21, 1, 2, 4_294_967_295, 1001);

test('writes a descriptor as Windows does', () => {
  const access = list(
    entry(1, 0, 0x0001_0000, identity(1, 0)),
    entry(0, 0x03, 0x001f_01ff, administrators),
    entry(0, 0x13, 0x0012_00a9, identity(5, 11)),
    entry(0, 0x0b, 0x1000_0000, identity(3, 0)),
  );
  const log = list(entry(2, 0xc0, 0x0012_0089, somebody), entry(0x11, 0, 1, identity(16, 12_288)));
  const bytes = descriptor(0x8000 | 0x9414, [administrators, system, log, access]);
  assert.equal(
    securityDescriptorText(bytes),
    'O:BAG:SYD:PAI(D;;0x10000;;;WD)(A;OICI;FA;;;BA)(A;OICIID;0x1200a9;;;AU)(A;OICIIO;GA;;;CO)' +
      'S:(AU;SAFA;FR;;;S-1-5-21-1-2-4294967295-1001)(ML;;NW;;;HI)',
  );
});

test('tells an absent list from an empty one', () => {
  const nobody = descriptor(0x8004, [somebody, Buffer.alloc(0), Buffer.alloc(0), list()]);
  assert.equal(securityDescriptorText(nobody), 'O:S-1-5-21-1-2-4294967295-1001D:');
  const everybody = descriptor(0x8004, [
    somebody,
    Buffer.alloc(0),
    Buffer.alloc(0),
    Buffer.alloc(0),
  ]);
  assert.match(securityDescriptorText(everybody), /D:NO_ACCESS_CONTROL$/);
  assert.equal(securityDescriptorText(Buffer.alloc(10)), '');
});

test('survives any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(30), (bytes, at) => {
      const sound = descriptor(0x8014, [
        administrators,
        system,
        list(),
        list(entry(5, 0, 3, system)),
      ]);
      sound.set(bytes.subarray(0, sound.length - at), at);
      sound[0] = 1;
      assert.equal(typeof securityDescriptorText(sound), 'string');
    }),
    { numRuns: 500 },
  );
});

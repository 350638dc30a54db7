import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBootSector } from './boot-sector.ts';
import { fileTime } from './file-time.ts';
import { decompressLznt1 } from './lznt1.ts';
import { decompressLzx } from './lzx.ts';
import { appendRuns, RunList } from './run-list.ts';
import { securityDescriptorText } from './security-descriptor.ts';
import { UpperCase } from './upper-case.ts';
import { decompressXpress } from './xpress.ts';

/** As mkntfs writes it for 1 GiB in clusters of 4 KiB. */
function bootSector(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('NTFS    ', 3, 'latin1');
  bytes.writeUInt16LE(512, 0x0b);
  bytes[0x0d] = 8;
  bytes.writeBigUInt64LE(2_097_151n, 0x28);
  bytes.writeBigUInt64LE(4n, 0x30);
  bytes.writeBigUInt64LE(131_071n, 0x38);
  bytes[0x40] = 0xf6;
  bytes[0x44] = 1;
  bytes.writeBigUInt64LE(0x0123_4567_89ab_cdefn, 0x48);
  change(bytes);
  return bytes;
}

test('decodes the boot sector that mkntfs writes', () => {
  assert.deepEqual(decodeBootSector(bootSector()), {
    sectorBytes: 512,
    clusterBytes: 4096,
    clusterCount: 262_143,
    sizeBytes: 2 ** 30,
    fileTableOffsetBytes: 16_384,
    mirrorOffsetBytes: 131_071 * 4096,
    recordBytes: 1024,
    indexBlockBytes: 4096,
    serialNumber: '0123456789ABCDEF',
  });
});

test('knows clusters that are encoded as a power of two, up to 2 MiB', () => {
  const clusterBytes = (field: number): number | undefined =>
    decodeBootSector(bootSector((bytes) => (bytes[0x0d] = field)))?.clusterBytes;
  assert.equal(clusterBytes(0x80), 65_536);
  assert.equal(clusterBytes(0xf8), 131_072);
  assert.equal(clusterBytes(0xf4), 2 * 2 ** 20);
  assert.equal(clusterBytes(0xf3), undefined);
  assert.equal(clusterBytes(3), undefined);
});

test('refuses a boot sector that cannot be', () => {
  const refused = (change: (bytes: Buffer) => void): boolean =>
    decodeBootSector(bootSector(change)) === undefined;
  assert(refused((bytes) => bytes.fill(0)));
  assert(refused((bytes) => bytes.writeUInt16LE(500, 0x0b)));
  assert(refused((bytes) => bytes.writeUInt16LE(8192, 0x0b)));
  assert(refused((bytes) => (bytes[0x40] = 0)));
  assert(refused((bytes) => (bytes[0x40] = 0x80)));
  assert(refused((bytes) => (bytes[0x44] = 0xe0)));
  assert(refused((bytes) => bytes.fill(0xff, 0x28, 0x30)));
  assert(refused((bytes) => bytes.fill(0xff, 0x30, 0x38)));
  assert.equal(decodeBootSector(bootSector().subarray(0, 500)), undefined);
});

// What sound streams give is tested with those of other programs: test/filesystem/ntfs-special.test.ts.

test('expands what ntfs-3g compressed, a match that reaches into itself', () => {
  const source = Buffer.from('18b00061206c696e652074006861742072657475f0726e730aff9f', 'hex');
  const target = Buffer.alloc(8192, 0xaa);
  assert(decompressLznt1(source, target));
  const text = 'a line that returns\n'.repeat(104).slice(0, 2070);
  assert.equal(target.toString('latin1', 0, text.length), text);
  assert(target.subarray(text.length).every((byte) => byte === 0));
});

test('tells broken streams from sound ones without reading or writing elsewhere', () => {
  const decompressors = { decompressLznt1, decompressXpress, decompressLzx };
  const random = fc.uint8Array({ minLength: 0, maxLength: 600 });
  for (const decompress of Object.values(decompressors)) {
    fc.assert(
      fc.property(random, fc.nat(9000), (source, length) => {
        const outside = Buffer.alloc(length + 64, 0xaa);
        decompress(source, outside.subarray(32, 32 + length));
        assert(outside.subarray(0, 32).every((byte) => byte === 0xaa));
        assert(outside.subarray(32 + length).every((byte) => byte === 0xaa));
      }),
      { numRuns: 300 },
    );
  }
});

test('refuses matches that begin before their chunk, and streams cut off', () => {
  const target = Buffer.alloc(100);
  assert(!decompressLznt1(Uint8Array.of(0x02, 0xb0, 0x01, 0x00, 0x00), target));
  assert(!decompressLznt1(Uint8Array.of(0x20, 0xb0, 0x00), target));
  assert(!decompressXpress(new Uint8Array(255), target));
  assert(!decompressXpress(new Uint8Array(256), target));
  assert(!decompressLzx(new Uint8Array(0), target));
});

const epoch = 116_444_736_000_000_000n;

function decoded(hundredNanoseconds: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(hundredNanoseconds);
  return fileTime(bytes, 0);
}

test('counts microseconds since 1970 as exact arithmetic does', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 10n ** 17n, max: 2n * 10n ** 17n }), (time) => {
      const tens = time - epoch;
      const expected = tens >= 0n ? tens / 10n : (tens - 9n) / 10n;
      assert.equal(decoded(time), Number(expected));
    }),
  );
  assert.equal(decoded(epoch), 0);
  assert.equal(decoded(epoch - 1n), -1);
});

test('gives the nearest countable moment for times that are none', () => {
  assert.equal(decoded(0n), Number.MIN_SAFE_INTEGER);
  assert.equal(decoded(2n ** 64n - 1n), Number.MAX_SAFE_INTEGER);
});

const bounds = { clusterCount: 1000, endCluster: 100 };

/** As mkntfs and Windows write them: the fewest bytes that hold each number with its sign. */
function encodeRuns(runs: readonly (readonly [number, number | undefined])[]): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const [count, place] of runs) {
    const length = signedBytes(count);
    const distance = place === undefined ? [] : signedBytes(place - last);
    bytes.push((distance.length << 4) | length.length, ...length, ...distance);
    last = place ?? last;
  }
  return Uint8Array.from([...bytes, 0]);
}

function signedBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 256)) {
    bytes.push(rest & 0xff);
    if (rest >= -128 && rest < 128) return bytes;
  }
}

test('gives back the runs that were encoded, neighbours as one', () => {
  const run = fc.tuple(
    fc.integer({ min: 1, max: 70_000 }),
    fc.option(fc.nat(2 ** 40), { nil: undefined }),
  );
  fc.assert(
    fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
      const list = new RunList();
      const endCluster = runs.reduce((sum, [count]) => sum + count, 0);
      const fault = appendRuns(list, encodeRuns(runs), { clusterCount: 2 ** 41, endCluster });
      assert.equal(fault, undefined);
      let start = 0;
      for (const [count, place] of runs) {
        const found = list.find(start + count - 1);
        const skip = start + count - 1 - found.startCluster;
        const expected = place === undefined ? undefined : place + count - 1;
        assert.equal(
          found.volumeCluster === undefined ? undefined : found.volumeCluster + skip,
          expected,
        );
        start += count;
      }
    }),
  );
});

test('tells what is wrong with runs that leave the volume, the stream or their bytes', () => {
  const fault = (bytes: Uint8Array): string | undefined => appendRuns(new RunList(), bytes, bounds);
  assert.match(fault(encodeRuns([[100, 901]])) ?? '', /outside the volume/);
  assert.match(fault(encodeRuns([[100, -1]])) ?? '', /outside the volume/);
  assert.match(fault(encodeRuns([[101, 5]])) ?? '', /beyond 100/);
  assert.match(fault(encodeRuns([[99, 5]])) ?? '', /end at cluster 99 and not at 100/);
  assert.match(fault(Uint8Array.of(0x11, 0, 5, 0)) ?? '', /0 clusters/);
  assert.match(fault(Uint8Array.of(0x12, 100)) ?? '', /cut off/);
  assert.match(fault(Uint8Array.of(0x18, 1, 1, 1, 1, 1, 1, 1, 0x7f, 5, 0)) ?? '', /beyond 100/);
  assert.equal(fault(encodeRuns([[100, 900]])), undefined);
});

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

test('writes a security descriptor as Windows does', () => {
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

test('puts a security descriptor of any bytes into words', () => {
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

const ascii = new UpperCase(
  Uint16Array.from({ length: 65_536 }, (_, unit) => (unit >= 97 && unit <= 122 ? unit - 32 : unit)),
);

test('orders names without regard to case, and those that differ only in it by their units', () => {
  const sorted = ['A', 'a', 'AB', 'aB', 'ab', 'b', 'z', '{', 'é', 'ｱ', '\ud83d\udc18'].toSorted(
    (left, right) => ascii.collate(left, right),
  );
  assert.deepEqual(sorted, ['A', 'a', 'AB', 'aB', 'ab', 'b', 'z', '{', 'é', '\ud83d\udc18', 'ｱ']);
  assert.equal(ascii.compare('Straße', 'sTRAßE'), 0);
  assert.equal(ascii.collate('same', 'same'), 0);
  assert(ascii.compare('ab', 'abc') < 0);
});

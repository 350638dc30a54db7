import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';
import { u16be, u16le, u32be, u32le, u64be, u64le } from './integers.ts';
import { readFstab } from './mount-points.ts';
import { decodeName, encodeName } from './name-text.ts';
import { type RecordPiece, recordsInRanges } from './records-in-ranges.ts';
import { type VolumeSpan } from './volume.ts';
import { volumePlaces } from './volume-places.ts';
import { volumeRanges } from './volume-ranges.ts';

test('reads what Buffer writes, at any place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), fc.nat(), (bytes, place) => {
      const at = place % (bytes.length - 7);
      const buffer = Buffer.from(bytes);
      assert.equal(u16le(bytes, at), buffer.readUInt16LE(at));
      assert.equal(u32le(bytes, at), buffer.readUInt32LE(at));
      assert.equal(u64le(bytes, at), Number(buffer.readBigUInt64LE(at)));
      assert.equal(u16be(bytes, at), buffer.readUInt16BE(at));
      assert.equal(u32be(bytes, at), buffer.readUInt32BE(at));
      assert.equal(u64be(bytes, at), Number(buffer.readBigUInt64BE(at)));
    }),
  );
});

test('gives every name of bytes back as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      assert.deepEqual(encodeName(decodeName(bytes)), bytes);
    }),
    { numRuns: 500 },
  );
});

test('reads valid UTF-8 as text, and shows other bytes one by one', () => {
  assert.equal(decodeName(Buffer.from('Straße 日本 🐘')), 'Straße 日本 🐘');
  assert.equal(decodeName(Buffer.from([0x61, 0xff, 0xc3, 0x62])), 'a\udcff\udcc3b');
  // A lone surrogate written as three bytes is no UTF-8, so it cannot be taken for an escape.
  assert.deepEqual(
    encodeName(decodeName(Uint8Array.of(0xed, 0xb2, 0x80))),
    Uint8Array.of(0xed, 0xb2, 0x80),
  );
});

const unitBytes = 4;

/** Volumes of one to three spans, on one to three disks each, in pieces that are not always whole units. */
const volumes = fc
  .array(
    fc.record({
      disks: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      rows: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => {
    const spans: VolumeSpan[] = [];
    let startBytes = 0;
    for (const [index, { disks, rows }] of parts.entries()) {
      const lengthBytes = rows * disks.length * unitBytes;
      const stripes = disks.map((disk) => ({ disk, offsetBytes: index * 100 + 7 }));
      const stripeBytes = disks.length === 1 ? lengthBytes : unitBytes;
      spans.push({ startBytes, lengthBytes, stripeBytes, stripes });
      startBytes += lengthBytes;
    }
    return { spans, sizeBytes: startBytes };
  });

test('every byte of a disk leads back to the byte of the volume that lies there', () => {
  fc.assert(
    fc.property(volumes, ({ spans, sizeBytes }) => {
      for (let at = 0; at < sizeBytes; at += 1) {
        const { disk, offsetBytes } = [...volumePlaces(spans, at, 1)][0]!;
        assert.deepEqual(
          [...volumeRanges(spans, disk, { offsetBytes, lengthBytes: 1 })],
          [{ offsetBytes: at, lengthBytes: 1 }],
        );
      }
      const whole = ['a', 'b', 'c'].flatMap((disk) => [
        ...volumeRanges(spans, disk, { offsetBytes: 0, lengthBytes: 1000 }),
      ]);
      assert.equal(
        whole.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
        sizeBytes,
      );
    }),
  );
});

const whole = (bytes: Uint8Array): number => ~crc32c(0xffffffff, bytes) >>> 0;

test('gives the checksums of RFC 3720, appendix B.4', () => {
  assert.equal(whole(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(whole(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(whole(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
  assert.equal(whole(Buffer.from('123456789')), 0xe3069283);
});

test('is the same in one piece and in two, wherever they are cut', () => {
  const bytes = Uint8Array.from({ length: 41 }, (_, index) => (index * 37) & 0xff);
  const expected = crc32c(7, bytes);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    assert.equal(crc32c(crc32c(7, bytes.subarray(0, cut)), bytes.subarray(cut)), expected);
  }
});

test('names exactly the records of which a byte lies in a range', () => {
  const spans = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 40 })), { maxLength: 8 });
  fc.assert(
    fc.property(spans, spans, fc.constantFrom(3, 8), (pieceSpans, rangeSpans, recordBytes) => {
      let tableOffsetBytes = 0;
      const pieces: RecordPiece[] = ascending(pieceSpans).map((range) => {
        const piece = { ...range, recordBytes, tableOffsetBytes, firstNumber: 1 };
        tableOffsetBytes += range.lengthBytes;
        return piece;
      });
      const ranges = ascending(rangeSpans);
      const expected = new Set<number>();
      for (const piece of pieces) {
        for (let byte = 0; byte < piece.lengthBytes; byte += 1) {
          const at = piece.offsetBytes + byte;
          const isIn = ranges.some(
            ({ offsetBytes, lengthBytes }) => at >= offsetBytes && at < offsetBytes + lengthBytes,
          );
          if (isIn) expected.add(1 + Math.floor((piece.tableOffsetBytes + byte) / recordBytes));
        }
      }
      const found = [...recordsInRanges(pieces, ranges)].flat();
      assert.deepEqual(new Set(found.map(Number)), expected);
    }),
  );
});

/** Spans one behind the other, with the first number of each as the hole before it. */
function ascending(
  spans: readonly (readonly [number, number])[],
): { offsetBytes: number; lengthBytes: number }[] {
  let end = 0;
  return spans.map(([hole, lengthBytes]) => {
    const offsetBytes = end + hole;
    end = offsetBytes + lengthBytes;
    return { offsetBytes, lengthBytes };
  });
}

const fstab = `# /etc/fstab: static file system information.
UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /     ext4  errors=remount-ro 0 1
UUID=CAFE-1234\t/boot/efi\tvfat\tumask=0077\t0\t1
LABEL="my\\040data" /srv/with\\040space xfs noatime,nofail
PARTUUID=c0ffee01-02 /mnt auto
/dev/disk/by-label/a\\x20b /ab ext4 defaults 0 0
/dev/mapper/my--vg-data--lv /data ext4 defaults 0 2
/dev/vg/home /home btrfs subvol=/@home,compress=zstd
/dev/sda1 /old ext3
UUID=1 none swap sw 0 0
UUID=2 swap swap sw 0 0
proc /proc proc defaults 0 0
server:/export /net nfs defaults 0 0
tmpfs /tmp tmpfs
broken
`;

test('says which volume is mounted where, by every way of naming one', () => {
  const found = readFstab(fstab).map(({ path, volume }) => [path, volume.by, volume.value]);
  assert.deepEqual(found, [
    ['/', 'uuid', '0a3407de-014b-458b-b5c1-848e92a327a3'],
    ['/boot/efi', 'uuid', 'CAFE-1234'],
    ['/srv/with space', 'label', 'my data'],
    ['/mnt', 'partition-uuid', 'c0ffee01-02'],
    ['/ab', 'label', 'a b'],
    ['/data', 'logical-volume', 'my-vg/data-lv'],
    ['/home', 'logical-volume', 'vg/home'],
    ['/old', 'device', '/dev/sda1'],
  ]);
});

test('options and kinds of mounts are kept', () => {
  const home = readFstab(fstab).find(({ path }) => path === '/home');
  assert.deepEqual([home?.kind, home?.options], ['btrfs', ['subvol=/@home', 'compress=zstd']]);
});

test('hostile text of mounts costs no more than its length', () => {
  assert.equal(readFstab('UUID=1 /x ext4\n'.repeat(100_000)).length, 1024);
  assert.equal(readFstab(`UUID=${'"'.repeat(1_000_000)} /x`).length, 1);
  assert.equal(readFstab(`/dev/mapper/${'-'.repeat(1_000_000)} /x`).length, 1);
  assert.equal(readFstab('\\'.repeat(1_000_000)).length, 0);
});

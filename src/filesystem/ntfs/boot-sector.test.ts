import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBootSector } from './boot-sector.ts';

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

test('decodes what mkntfs writes', () => {
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

test('refuses what cannot be', () => {
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

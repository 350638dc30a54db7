import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { encodeCheckedJson } from '../../../src/format/checked-json.ts';
import {
  decodeIntentMap,
  encodeIntentHeader,
  encodeIntentSector,
  intentExtentBytes,
  intentSectorBytes,
} from '../../../src/format/intent-map.ts';
import { decodeKeySlot, encodeKeySlot, type KeySlot } from '../../../src/format/key-slot.ts';
import { decodeConfig } from '../../../src/repository/home/repository-config.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const slot: KeySlot = {
  format: 1,
  id: '0123456789abcdef',
  kind: 'passphrase',
  label: 'Ada’s',
  created: '2026-11-21T14:05:09.250Z',
  scrypt: { N: 131072, r: 8, p: 1 },
  salt: Buffer.alloc(32, 1).toString('base64'),
  nonce: Buffer.alloc(12, 2).toString('base64'),
  wrapped: Buffer.alloc(48, 3).toString('base64'),
};
const config = { format: 1, id: '0123456789abcdef'.repeat(2), created: slot.created };
const diskBytes = 5000 * intentExtentBytes;

function map(isClean: boolean, diskBytesSaid: number, fill: number): Buffer {
  const header = { isClean, diskBytes: diskBytesSaid, backingBytes: 0, backingMicros: 1 };
  const bits = Buffer.alloc(1008, fill);
  return Buffer.concat([
    encodeIntentHeader({ ...header, storedMicros: 2 }),
    encodeIntentSector(bits, 1),
    encodeIntentSector(bits, 2),
  ]);
}

/** Whatever is still JSON gets the right checksum; the file keeps its length, so that only short ones are repaired. */
function repairJson(bytes: Buffer): void {
  let fields: unknown;
  try {
    fields = JSON.parse(bytes.toString('utf8'));
  } catch {
    return;
  }
  if (typeof fields !== 'object' || fields === null) return;
  const others = Object.entries(fields).filter(([name]) => name !== 'checksum');
  const repaired = Buffer.from(encodeCheckedJson(Object.fromEntries(others)));
  if (repaired.length <= bytes.length) bytes.fill(' ').set(repaired);
}

/** Files beside the segments. */
export const fileTargets: readonly FuzzTarget[] = [
  {
    name: 'key-slot',
    samples: [
      Buffer.from(encodeKeySlot(slot)),
      Buffer.from(encodeKeySlot({ ...slot, kind: 'recovery', scrypt: { N: 1, r: 1, p: 1 } })),
    ],
    decode: (bytes) => {
      const { scrypt, id } = decodeKeySlot(bytes);
      assert(scrypt.N * scrypt.r * 128 <= 2 ** 31 && scrypt.p <= 4, 'deriving costs too much');
      assert.match(id, /^[0-9a-f]{16}$/);
    },
    repair: repairJson,
  },
  {
    name: 'config',
    samples: [Buffer.from(encodeCheckedJson(config))],
    decode: (bytes) => {
      assert.equal(Buffer.from(decodeConfig(bytes).id, 'hex').length, 16);
    },
    repair: repairJson,
  },
  {
    name: 'intent-map',
    samples: [map(true, diskBytes, 0), map(false, diskBytes, 0xa5)],
    decode: (bytes) => {
      const { bits, damagedSectors, header } = decodeIntentMap(bytes, diskBytes);
      assert.equal(header.diskBytes, diskBytes);
      assert.equal(bits.length, 1008);
      for (const sector of damagedSectors) {
        const own = bits.subarray((sector - 1) * 504, sector * 504);
        assert(
          own.every((byte) => byte === 0xff),
          'a damaged sector is not compared whole',
        );
      }
    },
    repair: (bytes) => {
      for (let end = intentSectorBytes; end <= bytes.length; end += intentSectorBytes) {
        const content = bytes.subarray(end - intentSectorBytes, end - 4);
        bytes.writeUInt32LE(crc32(content), end - 4);
      }
    },
  },
];

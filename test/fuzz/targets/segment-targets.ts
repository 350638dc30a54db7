import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { seededRandom } from '../../../src/base/random.ts';
import {
  type EntryType,
  entrySpanBytes,
  isEntryStart,
  openEntry,
  packPayload,
  sealEntry,
} from '../../../src/format/entry.ts';
import { decodeTrailer, encodeTrailer } from '../../../src/format/footer.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  isSegmentHeaderAuthentic,
  segmentHeaderBytes,
} from '../../../src/format/segment-header.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const segmentKey = new Uint8Array(32).fill(7);
const place = { segment: 3, segmentKey, offsetBytes: 4096 };

function header(segment: number, previousLengthBytes: number): Buffer {
  const fields = { segment, previousSegment: segment - 1, previousLengthBytes };
  const repositoryId = new Uint8Array(16).fill(segment);
  const keySalt = new Uint8Array(32).fill(segment);
  const createdMicros = 1_795_000_000_000_000 + segment;
  return Buffer.from(
    encodeSegmentHeader({ ...fields, repositoryId, keySalt, createdMicros }, segmentKey),
  );
}

const headers = [header(1, 0), header(7, 0xffffffff), header(0xffffffff, 4096)];

/** Without the key nobody makes a header that counts. */
const segmentHeader: FuzzTarget = {
  name: 'segment-header',
  samples: headers,
  decode: (bytes) => {
    decodeSegmentHeader(bytes);
    if (!isSegmentHeaderAuthentic(bytes.subarray(0, segmentHeaderBytes), segmentKey)) return;
    const isOurs = headers.some((known) => known.subarray(0, 112).equals(bytes.subarray(0, 112)));
    assert(isOurs, 'a forged header passes for authentic');
  },
  repair: (bytes) => {
    if (bytes.length >= 128) bytes.writeUInt32LE(crc32(bytes.subarray(0, 124)), 124);
  },
};

const plains = plainPayloads();

function plainPayloads(): readonly (readonly [EntryType, Buffer])[] {
  const noise = Buffer.alloc(1000);
  seededRandom(5).fill(noise);
  return [
    ['group', noise],
    ['commit', Buffer.alloc(3000, 'a commit ')],
    ['footer', Buffer.from('a footer')],
    ['group', Buffer.alloc(0)],
  ];
}

function seal(type: EntryType, plain: Uint8Array): Buffer {
  const packed = packPayload(type, plain, 1);
  const target = Buffer.alloc(entrySpanBytes(packed.bytes.length));
  sealEntry(packed, place, target);
  return target;
}

/** Without the key nobody makes an entry that opens. */
const entry: FuzzTarget = {
  name: 'entry',
  samples: plains.map(([type, plain]) => seal(type, plain)),
  decode: (bytes) => {
    isEntryStart(bytes);
    const opened = openEntry(bytes, place);
    const isOurs = plains.some(
      ([type, plain]) => type === opened.header.type && plain.equals(opened.plain),
    );
    assert(isOurs, 'a forged entry opens');
  },
  repair: (bytes) => {
    if (bytes.length >= 48) bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
  },
};

/** With the key anything can be sealed: the first 4 bytes are the plain length, the others what was "compressed". */
const payload: FuzzTarget = {
  name: 'payload',
  samples: plains
    .map(([type, plain]) => ({ plain, packed: packPayload(type, plain, 1) }))
    .filter(({ packed }) => packed.isCompressed)
    .map(({ plain, packed }) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(plain.length);
      return Buffer.concat([length, packed.bytes]);
    }),
  decode: (bytes) => {
    const packed = bytes.subarray(4);
    const lengthBytes = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
    // An honest length is sealed, so what may be allocated for it is bounded here; the decoder's own bound is 64 MiB.
    const plainBytes = lengthBytes % 2 ** 20;
    const target = Buffer.alloc(entrySpanBytes(packed.length));
    const sealed = { type: 'group', isCompressed: true, plainBytes, bytes: packed } as const;
    sealEntry(sealed, place, target);
    assert.equal(openEntry(target, place).plain.length, plainBytes);
  },
};

const trailer: FuzzTarget = {
  name: 'trailer',
  samples: [Buffer.from(encodeTrailer(128)), Buffer.from(encodeTrailer(2 ** 28))],
  decode: (bytes) => {
    const offsetBytes = decodeTrailer(bytes);
    if (offsetBytes === undefined) return;
    assert.deepEqual(Buffer.from(encodeTrailer(offsetBytes)), bytes.subarray(0, 16));
  },
  repair: (bytes) => {
    if (bytes.length >= 16) bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  },
};

/** What stands in a segment, as storage or an attacker without the key may have changed it. */
export const segmentTargets: readonly FuzzTarget[] = [segmentHeader, entry, payload, trailer];

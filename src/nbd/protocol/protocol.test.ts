import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SecondwindError } from '../../base/errors.ts';
import { nbdQueriesMax, nbdStringBytesMax } from '../../base/limits.ts';
import { decodeBlockStatus, encodeBlockStatus } from './block-status.ts';
import { errorNumberOf, errorOfNumber } from './error-numbers.ts';
import {
  decodeClientFlags,
  decodeGreeting,
  encodeClientFlags,
  encodeGreeting,
} from './greeting.ts';
import {
  decodeInformation,
  encodeBlockSizes,
  encodeExportFacts,
  encodeExportInformation,
  encodeTextInformation,
} from './information.ts';
import {
  decodeOptionHeader,
  decodeOptionReplyHeader,
  encodeOption,
  encodeOptionReply,
} from './option.ts';
import {
  decodeExportRequest,
  decodeMetaContextRequest,
  encodeExportRequest,
  encodeMetaContextRequest,
  encodeString,
} from './option-data.ts';
import {
  decodeChunkHeader,
  decodeErrorPayload,
  decodeHole,
  encodeChunkHeader,
  encodeErrorPayload,
  encodeOffset,
  encodeSimpleReply,
} from './reply.ts';
import { decodeRequest, emptyRequest, encodeRequest } from './request.ts';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const uint16 = fc.integer({ min: 0, max: 65_535 });
const cookie = { cookieHigh: 0x01020304, cookieLow: 0xf5060708 };

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('bytes as the protocol document draws them', () => {
  test('greeting and client flags', () => {
    assert.equal(hex(encodeGreeting()), '4e42444d4147494349484156454f50540003');
    assert.equal(decodeGreeting(encodeGreeting()), 3);
    assert.equal(decodeGreeting(Buffer.alloc(18)), undefined);
    assert.equal(
      decodeGreeting(Buffer.from('NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53\0\0', 'latin1')),
      undefined,
    );
    assert.equal(hex(encodeClientFlags(3)), '00000003');
    assert.deepEqual(decodeClientFlags(Buffer.from([0, 0, 0, 2])), {
      isFixedNewstyle: false,
      skipsZeroes: true,
    });
    assert.equal(decodeClientFlags(Buffer.from([0, 0, 0, 4])), undefined);
    assert.equal(decodeClientFlags(Buffer.from([128, 0, 0, 0])), undefined);
  });

  test('an option and its reply', () => {
    const option = encodeOption(6, Buffer.from('ab'));
    assert.equal(hex(option), '49484156454f505400000006000000026162');
    assert.deepEqual(decodeOptionHeader(option), { option: 6, dataBytes: 2 });
    assert.equal(decodeOptionHeader(Buffer.alloc(16)), undefined);
    const reply = encodeOptionReply(6, 0x80000006, Buffer.from('no'));
    assert.equal(hex(reply), '0003e889045565a90000000680000006000000026e6f');
    const header = { option: 6, reply: 0x80000006, dataBytes: 2 };
    assert.deepEqual(decodeOptionReplyHeader(reply), header);
    assert.equal(decodeOptionReplyHeader(Buffer.alloc(20)), undefined);
  });

  test('information about an export', () => {
    const facts = { sizeBytes: 2 ** 50, flags: 0x0101 };
    assert.equal(hex(encodeExportFacts(facts)), '00040000000000000101');
    assert.equal(hex(encodeExportInformation(facts)), '000000040000000000000101');
    assert.deepEqual(decodeInformation(encodeExportInformation(facts)), {
      kind: 'export',
      ...facts,
    });
    const sizes = { minimumBytes: 1, preferredBytes: 4096, maximumBytes: 2 ** 25 };
    assert.equal(hex(encodeBlockSizes(sizes)), '0003000000010000100002000000');
    assert.deepEqual(decodeInformation(encodeBlockSizes(sizes)), { kind: 'blockSize', ...sizes });
    const name = encodeTextInformation('name', 'dä');
    assert.deepEqual(decodeInformation(name), { kind: 'name', text: 'dä' });
    assert.deepEqual(decodeInformation(Buffer.from([0, 99, 1])), { kind: 'unknown' });
    for (const wrong of ['', '00', '0000', '000000', '0003aa', '0000ffffffffffffffff0000']) {
      assert.equal(decodeInformation(Buffer.from(wrong, 'hex')), undefined, wrong);
    }
  });

  test('a request', () => {
    const bytes = Buffer.alloc(30);
    const request = { flags: 1, command: 3, ...cookie, offsetBytes: 2 ** 40 + 5, lengthBytes: 7 };
    encodeRequest(bytes, 2, request);
    assert.equal(
      hex(bytes.subarray(2)),
      '256095130001000301020304f50607080000010000000005' + '00000007',
    );
  });

  test('replies', () => {
    const simple = Buffer.alloc(16);
    encodeSimpleReply(simple, 0, cookie, 28);
    assert.equal(hex(simple), '674466980000001c01020304f5060708');
    const header = { flags: 1, kind: 0x8001, ...cookie, payloadBytes: 9 };
    const chunk = Buffer.alloc(20);
    encodeChunkHeader(chunk, 0, header);
    assert.equal(hex(chunk), '668e33ef0001800101020304f506070800000009');
    assert.deepEqual(decodeChunkHeader(chunk), header);
    assert.equal(hex(encodeErrorPayload(5, 'bad')), '000000050003626164');
    assert.deepEqual(decodeErrorPayload(encodeErrorPayload(5, 'bad')), {
      error: 5,
      message: 'bad',
    });
    assert.equal(decodeErrorPayload(Buffer.from('00000005000462', 'hex')), undefined);
    assert.equal(encodeErrorPayload(5, 'x'.repeat(5000)).length, 206);
    const offset = Buffer.alloc(8);
    encodeOffset(offset, 0, 2 ** 33 + 1);
    assert.equal(hex(offset), '0000000200000001');
    const hole = Buffer.from('000000020000000100001000', 'hex');
    assert.deepEqual(decodeHole(hole), { offsetBytes: 2 ** 33 + 1, lengthBytes: 4096 });
    assert.equal(decodeHole(Buffer.alloc(12)), undefined);
    assert.equal(decodeHole(Buffer.alloc(11, 1)), undefined);
  });

  test('allocation', () => {
    const runs = [
      { lengthBytes: 4096, isHole: false },
      { lengthBytes: 8192, isHole: true },
    ];
    const payload = encodeBlockStatus(1, runs);
    assert.equal(hex(payload), '0000000100001000000000000000200000000003');
    assert.deepEqual(decodeBlockStatus(payload), { contextId: 1, descriptors: runs });
    for (const length of [0, 4, 11, 13]) {
      assert.equal(decodeBlockStatus(Buffer.alloc(length, 1)), undefined);
    }
    assert.equal(decodeBlockStatus(Buffer.alloc(12)), undefined, 'a run of no bytes');
  });
});

describe('data of options', () => {
  test('comes back as it was', () => {
    const name = fc.string({ maxLength: 50, unit: 'grapheme' });
    fc.assert(
      fc.property(name, fc.array(uint16, { maxLength: 20 }), (text, information) => {
        const request = { name: text.toWellFormed(), information };
        assert.deepEqual(decodeExportRequest(encodeExportRequest(request)), request);
      }),
    );
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: nbdQueriesMax }), (text, queries) => {
        const request = {
          name: text.toWellFormed(),
          queries: queries.map((query) => query.toWellFormed()),
        };
        assert.deepEqual(decodeMetaContextRequest(encodeMetaContextRequest(request)), request);
      }),
    );
  });

  test('is refused at every length but its own, and when it asks too much', () => {
    const goes = encodeExportRequest({ name: 'disk', information: [1, 2] });
    const meta = encodeMetaContextRequest({ name: 'disk', queries: ['base:', 'x:y'] });
    for (let length = 0; length < goes.length; length += 1) {
      assert.equal(decodeExportRequest(goes.subarray(0, length)), undefined);
    }
    for (let length = 0; length < meta.length; length += 1) {
      assert.equal(decodeMetaContextRequest(meta.subarray(0, length)), undefined);
    }
    assert.equal(decodeExportRequest(Buffer.concat([goes, Buffer.alloc(1)])), undefined);
    assert.equal(decodeMetaContextRequest(Buffer.concat([meta, Buffer.alloc(1)])), undefined);
    const many = Array.from({ length: nbdQueriesMax + 1 }, () => '');
    const tooMany = encodeMetaContextRequest({ name: '', queries: many });
    assert.equal(decodeMetaContextRequest(tooMany), 'too-big');
    const long = Buffer.concat([encodeString('x'.repeat(nbdStringBytesMax + 1)), Buffer.alloc(2)]);
    assert.equal(decodeExportRequest(long), undefined);
  });

  test('of any content does no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        decodeExportRequest(Buffer.from(bytes));
        decodeMetaContextRequest(Buffer.from(bytes));
        decodeInformation(Buffer.from(bytes));
        decodeErrorPayload(Buffer.from(bytes));
        decodeBlockStatus(Buffer.from(bytes));
        decodeHole(Buffer.from(bytes));
      }),
    );
  });
});

test('a request comes back as it was, and one with another magic not at all', () => {
  const requests = fc.record({
    flags: uint16,
    command: uint16,
    cookieHigh: uint32,
    cookieLow: uint32,
    offsetBytes: fc.maxSafeNat(),
    lengthBytes: uint32,
  });
  fc.assert(
    fc.property(requests, (request) => {
      const bytes = Buffer.alloc(28);
      encodeRequest(bytes, 0, request);
      const decoded = emptyRequest();
      assert.equal(decodeRequest(bytes, 0, decoded), true);
      assert.deepEqual(decoded, { ...request });
      bytes[0] = 0;
      assert.equal(decodeRequest(bytes, 0, decoded), false);
    }),
  );
});

test('errors have the numbers the protocol gives them', () => {
  const failed = { action: 'Reading', file: 'f', reason: 'r' };
  const cases: readonly (readonly [unknown, number])[] = [
    [new SecondwindError('NO_SPACE', { file: 'f' }), 28],
    [new SecondwindError('READ_ONLY', { what: 'f' }), 1],
    [new SecondwindError('IO_FAILED', failed), 5],
    [Object.assign(new Error(), { code: 'ENOSPC' }), 28],
    [Object.assign(new Error(), { code: 'EDQUOT' }), 28],
    [Object.assign(new Error(), { code: 'EFBIG' }), 28],
    [Object.assign(new Error(), { code: 'EROFS' }), 1],
    [Object.assign(new Error(), { code: 'ENOMEM' }), 5],
    [new Error('any'), 5],
    ['not even an error', 5],
  ];
  for (const [error, number] of cases) assert.equal(errorNumberOf(error), number);
  assert.equal(errorOfNumber(28, 'Writing', 's').code, 'NO_SPACE');
  assert.equal(errorOfNumber(1, 'Writing', 's').code, 'READ_ONLY');
  assert.equal(errorOfNumber(5, 'Writing', 's').code, 'IO_FAILED');
});

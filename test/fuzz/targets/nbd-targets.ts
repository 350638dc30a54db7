import assert from 'node:assert/strict';
import { nbdPayloadBytesMax } from '../../../src/base/limits.ts';
import { integerBelow } from '../../../src/base/random.ts';
import { BufferPool } from '../../../src/nbd/server/buffer-pool.ts';
import { RequestParser, type RequestTaker } from '../../../src/nbd/server/request-parser.ts';
import { rawRequest } from '../../../src/testing/raw-nbd-client.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

function requests(...commands: readonly number[]): Buffer {
  const parts = commands.map((command, index) => {
    const offset = BigInt(index * 4096);
    const span = command === 1 ? { data: Buffer.alloc(40 + index, 7) } : { length: 512 };
    return rawRequest({ command, offset, cookie: BigInt(index), ...span });
  });
  return Buffer.concat(parts);
}

function taker(): RequestTaker {
  return {
    isReady: true,
    writeFault: ({ offsetBytes }) => (offsetBytes > 2 ** 20 ? 28 : 0),
    write: ({ lengthBytes }, data) => {
      assert.equal(data.length, lengthBytes);
      return false;
    },
    refuse: (_, fault) => {
      assert.equal(fault, 28);
    },
    request: ({ offsetBytes, lengthBytes }) => {
      assert(offsetBytes >= 0 && lengthBytes >= 0);
    },
  };
}

/** What clients send once they have shaken hands; test/nbd/fuzz.test.ts does it over a socket. */
export const nbdTargets: readonly FuzzTarget[] = [
  {
    name: 'nbd-request',
    samples: [requests(0, 1, 3), requests(1, 1), requests(4, 5, 6, 7, 0)],
    decode: (bytes, random) => {
      const parser = new RequestParser(taker(), new BufferPool());
      try {
        for (let at = 0; at < bytes.length; ) {
          const end = Math.min(at + 1 + integerBelow(random, 80), bytes.length);
          const buffer = parser.nextBuffer();
          const count = bytes.copy(buffer, 0, at, end);
          parser.receive(count, buffer);
          at += count;
        }
      } finally {
        parser.close();
      }
    },
    // A client says how much data it is about to write, up to a limit; memory for it is taken when the request comes.
    allocationBytesMax: nbdPayloadBytesMax + 4 * 1024 * 1024,
  },
];

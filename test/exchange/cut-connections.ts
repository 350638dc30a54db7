import assert from 'node:assert/strict';
import { integerBelow, oneOf, seededRandom } from '../../src/base/random.ts';
import { exchangeWindowBytes } from '../../src/exchange/limits.ts';
import { assertHistory, ChangingDisk, ExchangeRig } from './exchange-rig.ts';

/** How long a run is. */
export interface CutOptions {
  readonly seed: number;
  /** Cuts to be survived. */
  readonly cycles: number;
  readonly say: (line: string) => void;
}

const groupKind = 3;

/**
 * Sends random commits through a proxy that cuts the connection again and again, at borders of messages and inside of them; then
 * every point must be there once, and read byte for byte.
 */
export async function cutConnections({ seed, cycles, say }: CutOptions): Promise<object> {
  const random = seededRandom(seed);
  const rig = await ExchangeRig.start();
  try {
    const disk = new ChangingDisk(random, 128);
    const resent = watchGroups(rig);
    rig.proxy.plan = (connection) => {
      if (connection >= cycles) return undefined;
      const from = oneOf(random, ['sender', 'sender', 'receiver'] as const);
      // Some are cut in the greeting, most in the middle of groups and of their answers.
      const bytesMax = from === 'sender' ? oneOf(random, [150, 3_000, 100_000]) : 400;
      const afterBytes = integerBelow(random, bytesMax);
      return { from, afterBytes, isAtBorder: integerBelow(random, 2) === 0 };
    };
    const client = await rig.client();
    const underWay: Promise<unknown>[] = [];
    while (rig.proxy.connections < cycles) {
      underWay.push(client.append(disk.commit(oneOf(random, [3, 20, 60]))));
      if (underWay.length > 12) await underWay.shift();
      // At times nothing is left to be sent, and the two sides agree by what was delivered alone.
      if (integerBelow(random, 10) === 0) await Promise.all(underWay.splice(0));
      if (disk.states.length % 500 === 0) say(`${rig.proxy.connections} cuts`);
    }
    await Promise.all(underWay);
    await assertHistory(rig.repository, disk);
    assert(resent.mostBytes <= exchangeWindowBytes, `${resent.mostBytes} bytes were sent again`);
    assert.deepEqual(rig.log.errors, []);
    return { cuts: cycles, commits: disk.states.length, ...resent };
  } finally {
    await rig.close();
  }
}

/** Counts what a connection sends again of what an earlier one had sent, whole or not. */
function watchGroups(rig: ExchangeRig): {
  mostBytes: number;
  sentBytes: number;
  againBytes: number;
} {
  const seen = new Map<string, number>();
  const result = { mostBytes: 0, sentBytes: 0, againBytes: 0 };
  const again = new Map<number, number>();
  rig.proxy.passed = ({ connection, from, kind, body }) => {
    if (from !== 'sender' || kind !== groupKind || body.length < 12) return;
    const key = body.toString('hex', 0, 12);
    result.sentBytes += body.length;
    const before = seen.get(key) ?? 0;
    seen.set(key, Math.max(before, body.length));
    const bytes = Math.min(before, body.length);
    const total = (again.get(connection) ?? 0) + bytes;
    again.set(connection, total);
    result.againBytes += bytes;
    result.mostBytes = Math.max(result.mostBytes, total);
  };
  return result;
}

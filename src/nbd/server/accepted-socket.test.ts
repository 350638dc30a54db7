import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { receiveDirectly, takenBytes } from './accepted-socket.ts';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What arrived: how many bytes, and in which buffer. */
  readonly arrived: { readonly text: string; readonly buffer: Buffer }[];
  /** Where the next bytes go. */
  target: Buffer;
  /** Whether more may come after the next ones. */
  goesOn: boolean;
}

async function withPair(use: (pair: Pair) => Promise<void>): Promise<void> {
  const path = join(tmpdir(), `secondwind-accepted-${randomUUID()}`);
  const server = createServer({ pauseOnConnect: true });
  server.listen(path);
  const far = connect(path);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const arrived: { text: string; buffer: Buffer }[] = [];
  const state = { target: Buffer.alloc(8), goesOn: true };
  const near = receiveDirectly(accepted, {
    nextBuffer: () => state.target,
    received: (count, buffer) => {
      arrived.push({ text: buffer.toString('latin1', 0, count), buffer });
      return state.goesOn;
    },
  });
  near.on('error', () => undefined);
  try {
    await use(Object.assign(state, { near, far, arrived }));
  } finally {
    near.destroy();
    far.destroy();
    server.close();
  }
}

test('receives into the buffer it was given, and into another from then on', async () => {
  await withPair(async (pair) => {
    const first = pair.target;
    const second = Buffer.alloc(4);
    pair.far.write('12345678');
    pair.target = second;
    await wait(20);
    pair.far.write('abcdef');
    await wait(20);
    assert.deepEqual(
      pair.arrived.map(({ text }) => text),
      ['12345678', 'abcd', 'ef'],
    );
    assert.equal(pair.arrived[0]?.buffer, first);
    assert.equal(pair.arrived[1]?.buffer, second);
  });
});

test('receives nothing after a refusal until it is resumed', async () => {
  await withPair(async (pair) => {
    pair.goesOn = false;
    pair.far.write('1234');
    await wait(20);
    pair.far.write('5678');
    await wait(20);
    assert.deepEqual(
      pair.arrived.map(({ text }) => text),
      ['1234'],
    );
    pair.near.resume();
    await wait(20);
    assert.deepEqual(
      pair.arrived.map(({ text }) => text),
      ['1234', '5678'],
    );
  });
});

test('counts what the kernel has taken, and says drain when it has all', async () => {
  await withPair(async ({ near, far }) => {
    const total = 4 * 2 ** 20;
    far.pause();
    let drains = 0;
    near.on('drain', () => {
      drains += 1;
    });
    assert.equal(near.write(Buffer.alloc(100)), true, 'taken at once');
    near.write(Buffer.alloc(total));
    assert.ok(near.writableLength > 0);
    const taken = takenBytes(near);
    assert.ok(taken > 100 && taken < total, `${taken} bytes were taken`);
    far.resume();
    await once(near, 'drain');
    assert.equal(takenBytes(near), total + 100);
    assert.equal(near.writableLength, 0);
    assert.ok(drains >= 1);
    near.destroy();
    assert.equal(takenBytes(near), 0);
  });
});

test('ends when the other side does', async () => {
  await withPair(async ({ near, far }) => {
    far.end();
    await once(near, 'close');
  });
});

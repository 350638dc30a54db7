import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { SecondwindError } from '../../base/errors.ts';
import {
  nbdConnectionsMax,
  nbdDrainMsMax,
  nbdExportsMax,
  nbdHandshakeMsMax,
  nbdHandshakesMax,
  nbdOptionsMax,
  nbdPayloadBytesMax,
  nbdRequestMsMax,
  nbdSendStallMsMax,
} from '../../base/limits.ts';
import { type LogFields, type Logger, silentLogger } from '../../base/log.ts';
import type { ReadableDisk, WritableDisk } from '../../disk/disk.ts';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import { FaultyDisk } from '../../testing/faulty-disk.ts';
import { RawNbdClient, rawRequest } from '../../testing/raw-nbd-client.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { connectNbd, listNbdExports } from '../client/nbd-client.ts';
import { command, commandFlag, option, optionReply } from '../protocol/numbers.ts';
import { encodeOption } from '../protocol/option.ts';
import { encodeMetaContextRequest, encodeString } from '../protocol/option-data.ts';
import { type NbdServer, startNbdServer } from './nbd-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'secondwind-nbd-server-'));
after(() => rmSync(folder, { recursive: true }));

interface Running {
  readonly server: NbdServer;
  readonly path: string;
  readonly clock: VirtualClock;
  /** Codes of the errors connections were closed for. */
  readonly closedFor: string[];
}

async function running(disk?: ReadableDisk, isReadOnly = false): Promise<Running> {
  const path = join(folder, randomUUID());
  const clock = new VirtualClock();
  const closedFor: string[] = [];
  const log = recording(closedFor);
  const server = await startNbdServer({ endpoint: { kind: 'unix', path }, log, clock });
  if (disk !== undefined) {
    server.addExport(
      isReadOnly
        ? { name: 'disk', disk, isReadOnly: true }
        : { name: 'disk', disk: disk as WritableDisk },
    );
  }
  return { server, path, clock, closedFor };
}

function recording(closedFor: string[]): Logger {
  const warn = (_: string, fields?: LogFields): void => {
    const error = fields?.['error'];
    closedFor.push(error instanceof SecondwindError ? error.code : String(error));
  };
  const log: Logger = { ...silentLogger, warn, with: () => log };
  return log;
}

async function inRunning(
  disk: ReadableDisk | undefined,
  use: (parts: Running) => Promise<void>,
): Promise<void> {
  const parts = await running(disk);
  try {
    await use(parts);
  } finally {
    await parts.server.close({ isGraceful: false });
  }
}

describe('the handshake', () => {
  test('knows NBD_OPT_EXPORT_NAME, with and without the zeroes behind the answer', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path }) => {
      for (const [flags, zeroes] of [
        [3, 0],
        [1, 124],
        [0, 124],
      ] as const) {
        const client = await RawNbdClient.greeted(path, flags);
        const head = Buffer.concat([Buffer.from('IHAVEOPT'), Buffer.from([0, 0, 0, 1])]);
        client.socket.write(Buffer.concat([head, encodeString('disk')]));
        const answer = await client.received.take(10 + zeroes);
        assert.equal(answer.readBigUInt64BE(0), 5000n);
        assert.ok(answer.subarray(10).every((byte) => byte === 0));
        client.send({ command: command.flush });
        assert.equal(await client.simpleReply(), 0);
        await client.close();
      }
    });
  });

  test('answers unknown options, and ends politely when aborted', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path, closedFor }) => {
      const client = await RawNbdClient.greeted(path);
      for (const number of [0, option.startTls, 4, 11, 4_000_000_000]) {
        const [answer] = await client.ask(number, Buffer.alloc(100));
        assert.equal(answer?.reply, optionReply.errorUnsupported);
      }
      const [answer] = await client.ask(option.abort);
      assert.equal(answer?.reply, optionReply.ack);
      await client.closed;
      assert.deepEqual(closedFor, []);
    });
  });

  test('refuses malformed options and goes on', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path }) => {
      const client = await RawNbdClient.greeted(path);
      const cases: readonly (readonly [number, Buffer])[] = [
        [option.list, Buffer.alloc(1)],
        [option.structuredReply, Buffer.alloc(1)],
        [option.go, Buffer.alloc(3)],
        [option.go, Buffer.concat([encodeString('disk'), Buffer.from([0, 9, 0, 0])])],
        [option.info, Buffer.from([255, 255, 255, 255, 0, 0])],
        [
          option.setMetaContext,
          encodeMetaContextRequest({ name: 'disk', queries: ['base:allocation'] }),
        ],
      ];
      for (const [number, data] of cases) {
        const answers = await client.ask(number, data);
        assert.deepEqual(
          answers.map(({ reply }) => reply),
          [optionReply.errorInvalid],
        );
      }
      await client.ask(option.structuredReply);
      const many = Buffer.concat([encodeString('disk'), Buffer.from([0, 1, 0, 0])]);
      const [tooMany] = await client.ask(option.setMetaContext, many);
      assert.equal(tooMany?.reply, optionReply.errorTooBig);
      const unknown = encodeMetaContextRequest({ name: 'none', queries: [] });
      assert.equal(
        (await client.ask(option.listMetaContext, unknown))[0]?.reply,
        optionReply.errorUnknown,
      );
      await client.close();
    });
  });

  test('closes for flags never offered, wrong magic, an endless option or name, and too many options', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path, closedFor }) => {
      const endless = Buffer.from('IHAVEOPT\0\0\0\x01\xff\xff\xff\xff', 'latin1');
      const name = Buffer.concat([
        Buffer.from('IHAVEOPT\0\0\0\x01\0\0\x20\0', 'latin1'),
        Buffer.alloc(8192, 65),
      ]);
      const options = Buffer.alloc(16 * (nbdOptionsMax + 1));
      for (let at = 0; at < options.length; at += 16)
        options.write('IHAVEOPT\0\0\0\x63', at, 'latin1');
      for (const bytes of [Buffer.alloc(16, 7), endless, name, options]) {
        const client = await RawNbdClient.greeted(path);
        client.socket.write(bytes);
        await client.closed;
      }
      const client = await RawNbdClient.greeted(path, 4);
      await client.closed;
      assert.deepEqual(closedFor, [
        'PROTOCOL',
        'LIMIT_EXCEEDED',
        'LIMIT_EXCEEDED',
        'LIMIT_EXCEEDED',
        'PROTOCOL',
      ]);
    });
  });

  test('hangs up on who takes too long, and makes room for newcomers', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path, clock, server, closedFor }) => {
      const slow = await RawNbdClient.greeted(path);
      const others = [];
      for (let index = 0; index < nbdHandshakesMax; index += 1) {
        others.push(await RawNbdClient.greeted(path));
      }
      await slow.closed;
      const user = await RawNbdClient.using(path, 'disk');
      assert.ok(server.clients().handshakes >= nbdHandshakesMax - 2);
      await clock.advance(nbdHandshakeMsMax + 2000);
      await Promise.all(others.map((each) => each.closed));
      assert.equal(server.clients().handshakes, 0);
      assert.ok(closedFor.every((code) => code === 'PROTOCOL'));
      user.send({ command: command.flush });
      assert.equal(await user.simpleReply(), 0);
      await user.close();
    });
  });

  test('takes requests that come right behind the last option, a byte at a time', async () => {
    await inRunning(new MemoryDisk(5000), async ({ path }) => {
      const client = await RawNbdClient.greeted(path);
      const go = Buffer.concat([encodeString('disk'), Buffer.alloc(2)]);
      const head = Buffer.from('IHAVEOPT\0\0\0\x07\0\0\0\x0a', 'latin1');
      const write = rawRequest({ command: command.write, data: Buffer.from('words') });
      const read = rawRequest({ command: command.read, length: 5 });
      const all = Buffer.concat([head, go, write, read]);
      client.socket.setNoDelay(true);
      for (const byte of all) {
        client.socket.write(Buffer.from([byte]));
        await wait(0);
      }
      await client.received.take(20 + 12 + 20);
      assert.equal(await client.simpleReply(), 0);
      assert.equal(await client.simpleReply(), 0);
      assert.equal((await client.received.take(5)).toString(), 'words');
      await client.close();
    });
  });
});

describe('requests', () => {
  const none = 0;
  const invalid = 22;
  const noSpace = 28;
  const notPermitted = 1;
  const beyond = 2n ** 63n;

  test('are answered with the error number the protocol names', async () => {
    await inRunning(new MemoryDisk(8192), async ({ path }) => {
      const client = await RawNbdClient.using(path, 'disk');
      const cases: readonly (readonly [number, Parameters<RawNbdClient['send']>[0]])[] = [
        [invalid, { command: command.read, offset: 8000n, length: 193 }],
        [invalid, { command: command.read, offset: beyond, length: 1 }],
        [invalid, { command: command.read, length: nbdPayloadBytesMax + 1 }],
        [noSpace, { command: command.write, offset: 8192n, data: Buffer.alloc(4096) }],
        [noSpace, { command: command.writeZeroes, offset: 1n, length: 8192 }],
        [invalid, { command: command.trim, offset: beyond, length: 4096 }],
        [invalid, { command: command.read, length: 1, flags: commandFlag.dontFragment }],
        [invalid, { command: command.write, flags: commandFlag.noHole, data: Buffer.alloc(10) }],
        [invalid, { command: command.flush, flags: 1 << 9 }],
        [invalid, { command: command.blockStatus, length: 4096 }],
        [invalid, { command: 77 }],
        [none, { command: command.read, flags: commandFlag.forceUnitAccess }],
        [none, { command: command.write, data: Buffer.alloc(0) }],
        [none, { command: command.trim }],
        [none, { command: command.cache, length: 8192 }],
        [none, { command: command.writeZeroes, length: 8192, flags: commandFlag.fastZero }],
      ];
      for (const [error, request] of cases) {
        client.send(request);
        assert.equal(await client.simpleReply(), error, `command ${request.command}`);
      }
      await client.close();
    });
  });

  test('cannot change a read-only export', async () => {
    const { server, path } = await running(new MemoryDisk(8192), true);
    const client = await RawNbdClient.using(path, 'disk');
    client.send({ command: command.write, data: Buffer.alloc(4096) });
    client.send({ command: command.trim, length: 10 });
    client.send({ command: command.writeZeroes, length: 10 });
    client.send({ command: command.flush });
    for (const error of [notPermitted, notPermitted, notPermitted, none]) {
      assert.equal(await client.simpleReply(), error);
    }
    await server.close();
  });

  test('tell of holes in chunks, unless the read must not be split', async () => {
    const disk = new MemoryDisk(2 ** 20);
    disk.write(Buffer.alloc(65_536, 3), 65_536);
    await inRunning(disk, async ({ path }) => {
      const client = await RawNbdClient.using(path, 'disk', true);
      client.send({ command: command.read, length: 262_144, cookie: 0xfedc_ba98_7654_3210n });
      const chunks = [await client.chunk(), await client.chunk(), await client.chunk()];
      assert.deepEqual(
        chunks.map(({ kind, flags }) => [kind, flags]),
        [
          [2, 0],
          [1, 0],
          [2, 1],
        ],
      );
      assert.ok(chunks.every(({ cookie }) => cookie === 0xfedc_ba98_7654_3210n));
      assert.deepEqual(chunks[1]?.payload.subarray(8), Buffer.alloc(65_536, 3));
      assert.equal(chunks[2]?.payload.readBigUInt64BE(0), 131_072n);
      assert.equal(chunks[2].payload.readUInt32BE(8), 131_072);
      client.send({ command: command.read, length: 262_144, flags: commandFlag.dontFragment });
      const whole = await client.chunk();
      assert.deepEqual([whole.kind, whole.flags, whole.payload.length], [1, 1, 262_152]);
      client.send({ command: command.read, length: 0 });
      assert.deepEqual((await client.chunk()).kind, 0);
      await client.close();
    });
  });

  test('carry the error of the disk, and its code in words', async () => {
    const error = new SecondwindError('DAMAGED', { file: 'f', offset: 1, reason: 'r' });
    const disk = new FaultyDisk(new MemoryDisk(2 ** 20), { failAt: 1, lasts: 'onwards', error });
    await inRunning(disk, async ({ path, closedFor }) => {
      const client = await RawNbdClient.using(path, 'disk', true);
      for (const throwsAtOnce of [true, false]) {
        disk.plan = { ...disk.plan, throwsAtOnce };
        for (const request of [
          { command: command.read, length: 4096 },
          { command: command.read, length: 4096 },
          { command: command.read, length: 200_000 },
          { command: command.read, length: 200_000, flags: commandFlag.dontFragment },
          { command: command.write, data: Buffer.alloc(4096) },
          { command: command.write, data: Buffer.alloc(200_000) },
          { command: command.flush },
          { command: command.trim, length: 4096 },
        ]) {
          client.send(request);
          const { kind, payload } = await client.chunk();
          assert.equal(kind, 0x8001);
          assert.equal(payload.readUInt32BE(0), 5);
          assert.equal(payload.toString('utf8', 6), 'DAMAGED');
        }
      }
      assert.ok(closedFor.length <= 5, 'a disk that always fails does not fill the log');
      await client.close();
    });
  });

  test('refuse quick zeroing where it is not quick', async () => {
    await inRunning(new FaultyDisk(new MemoryDisk(8192)), async ({ path }) => {
      const client = await RawNbdClient.using(path, 'disk');
      client.send({ command: command.writeZeroes, length: 8192, flags: commandFlag.fastZero });
      assert.equal(await client.simpleReply(), 95);
      await client.close();
    });
  });

  test('close the connection when they are none, or too large to take', async () => {
    await inRunning(new MemoryDisk(2 ** 20), async ({ path, closedFor }) => {
      const wrong = await RawNbdClient.using(path, 'disk');
      wrong.socket.write(Buffer.alloc(28, 1));
      await wrong.closed;
      const large = await RawNbdClient.using(path, 'disk');
      large.send({ command: command.write, length: nbdPayloadBytesMax + 1 });
      await large.closed;
      assert.deepEqual(closedFor, ['PROTOCOL', 'LIMIT_EXCEEDED']);
    });
  });

  test('are bounded while the client does not read, and go on when it does', async () => {
    const disk = new MemoryDisk(2 ** 20);
    disk.write(Buffer.alloc(2 ** 20, 9), 0);
    let reads = 0;
    const counted: ReadableDisk = {
      sizeBytes: disk.sizeBytes,
      read: (target, offsetBytes) => {
        reads += 1;
        disk.read(target, offsetBytes);
      },
      extents: (offsetBytes, lengthBytes) => disk.extents(offsetBytes, lengthBytes),
      close: () => disk.close(),
    };
    const { server, path, clock, closedFor } = await running(counted, true);
    const client = await RawNbdClient.using(path, 'disk');
    client.socket.pause();
    for (let index = 0; index < 500; index += 1)
      client.send({ command: command.read, length: 65_536 });
    await wait(50);
    assert.ok(reads < 30, `${reads} reads of 64 KiB were done for a client that takes none`);
    client.socket.resume();
    for (let index = 0; index < 500; index += 1) {
      assert.equal(await client.simpleReply(), 0);
      await client.received.take(65_536);
    }
    client.socket.pause();
    for (let index = 0; index < 50; index += 1)
      client.send({ command: command.read, length: 65_536 });
    await wait(20);
    await clock.advance(nbdSendStallMsMax + 3000);
    client.socket.resume();
    await client.closed;
    assert.deepEqual(closedFor, ['PROTOCOL']);
    await server.close();
  });

  test('must arrive whole in time', async () => {
    await inRunning(new MemoryDisk(2 ** 20), async ({ path, clock, closedFor }) => {
      const client = await RawNbdClient.using(path, 'disk');
      const idle = await RawNbdClient.using(path, 'disk');
      client.socket.write(rawRequest({ command: command.write, length: 100_000 }));
      await wait(20);
      await clock.advance(nbdRequestMsMax - 2000);
      client.socket.write(Buffer.alloc(50_000));
      await wait(20);
      await clock.advance(5000);
      await client.closed;
      assert.deepEqual(closedFor, ['PROTOCOL']);
      idle.send({ command: command.flush });
      assert.equal(await idle.simpleReply(), 0);
      await idle.close();
    });
  });
});

describe('exports', () => {
  test('come and go, and tell of their clients', async () => {
    const counts: number[] = [];
    await inRunning(undefined, async ({ server, path }) => {
      const endpoint = { kind: 'unix' as const, path };
      const onClients = (count: number): void => void counts.push(count);
      server.addExport({ name: 'one', disk: new MemoryDisk(10), onClients });
      assert.throws(() => server.addExport({ name: 'one', disk: new MemoryDisk(1) }), {
        code: 'ALREADY_EXISTS',
      });
      assert.throws(() => server.addExport({ name: '', disk: new MemoryDisk(1) }), {
        code: 'USAGE',
      });
      await assert.rejects(server.removeExport('two'), { code: 'NOT_FOUND' });
      const first = await connectNbd({ endpoint, exportName: '' });
      const second = await connectNbd({ endpoint, exportName: 'one' });
      assert.deepEqual([...server.clients().byExport], [['one', 2]]);
      server.addExport({ name: 'two', disk: new MemoryDisk(20), description: 'the other' });
      await assert.rejects(connectNbd({ endpoint, exportName: '' }), { code: 'NOT_FOUND' });
      assert.deepEqual(await listNbdExports({ endpoint }), [
        { name: 'one', description: '' },
        { name: 'two', description: 'the other' },
      ]);
      await first.close();
      await server.removeExport('one');
      assert.deepEqual(counts, [1, 2, 1, 0]);
      await assert.rejects(second.read(Buffer.alloc(1), 0), { code: 'SERVER_UNREACHABLE' });
      assert.equal((await connectNbd({ endpoint, exportName: '' })).sizeBytes, 20);
    });
  });

  test('answer what is under way before they go, and refuse the rest', async () => {
    const disk = new FaultyDisk(new MemoryDisk(8192));
    await inRunning(disk, async ({ server, path }) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      disk.plan = { delay: () => promise };
      const client = await RawNbdClient.using(path, 'disk');
      client.send({ command: command.write, data: Buffer.alloc(4096, 1) });
      await wait(10);
      const removed = server.removeExport('disk');
      client.send({ command: command.read, length: 1 });
      assert.equal(await client.simpleReply(), 108);
      resolve(undefined);
      assert.equal(await client.simpleReply(), 0);
      await removed;
      await client.closed;
    });
  });

  test('wait for what a lost client had begun before they can be closed', async () => {
    const disk = new FaultyDisk(new MemoryDisk(8192));
    await inRunning(disk, async ({ server, path }) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      disk.plan = { delay: () => promise };
      const client = await RawNbdClient.using(path, 'disk');
      client.send({ command: command.write, data: Buffer.alloc(4096, 1) });
      await wait(10);
      await client.close();
      let isRemoved = false;
      const removed = server.removeExport('disk', { isGraceful: false }).then(() => {
        isRemoved = true;
      });
      await wait(10);
      assert.equal(isRemoved, false);
      resolve(undefined);
      await removed;
    });
  });
});

describe('crowds and laggards', () => {
  test('are refused beyond the number of clients, each way of asking in its own way', async () => {
    await inRunning(new MemoryDisk(8192), async ({ path, server, closedFor }) => {
      const clients = [];
      for (let index = 0; index < nbdConnectionsMax; index += 1) {
        clients.push(await RawNbdClient.using(path, 'disk'));
      }
      const asking = await RawNbdClient.greeted(path);
      const go = Buffer.concat([encodeString('disk'), Buffer.alloc(2)]);
      assert.equal((await asking.ask(option.go, go))[0]?.reply, optionReply.errorPolicy);
      const naming = await RawNbdClient.greeted(path);
      naming.socket.write(encodeOption(option.exportName, Buffer.from('disk')));
      await naming.closed;
      assert.deepEqual(closedFor, ['PROTOCOL']);
      assert.equal(server.clients().byExport.get('disk'), nbdConnectionsMax);
      await clients[0]?.close();
      await wait(10);
      assert.equal((await asking.ask(option.go, go)).at(-1)?.reply, optionReply.ack);
      await Promise.all([...clients, asking].map((each) => each.close()));
    });
  });

  test('lose their connection when a request does not end in time, but the disk is waited for', async () => {
    const disk = new FaultyDisk(new MemoryDisk(8192));
    await inRunning(disk, async ({ server, path, clock }) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      disk.plan = { delay: () => promise };
      const client = await RawNbdClient.using(path, 'disk');
      client.send({ command: command.read, length: 512 });
      await wait(10);
      const removed = server.removeExport('disk');
      await clock.advance(nbdDrainMsMax + 1);
      await client.closed;
      resolve(undefined);
      await removed;
    });
  });

  test('cannot be more exports than the limit', async () => {
    await inRunning(undefined, async ({ server }) => {
      const disk = new MemoryDisk(1);
      for (let index = 0; index < nbdExportsMax; index += 1) {
        server.addExport({ name: `disk ${index}`, disk });
      }
      assert.throws(() => server.addExport({ name: 'one more', disk }), { code: 'LIMIT_EXCEEDED' });
    });
  });
});

describe('listening', () => {
  test('makes a socket for its owner alone, and removes it', async () => {
    const { server, path } = await running();
    assert.equal(lstatSync(path).mode & 0o777, 0o600);
    await server.close();
    assert.equal(existsSync(path), false);
  });

  test('replaces the socket of a dead server, but no living one and no other file', async () => {
    const { server, path } = await running();
    const endpoint = { kind: 'unix' as const, path };
    const clock = new VirtualClock();
    await assert.rejects(startNbdServer({ endpoint, log: silentLogger, clock }), {
      code: 'IN_USE',
    });
    await server.close();
    writeFileSync(path, 'precious');
    await assert.rejects(startNbdServer({ endpoint, log: silentLogger, clock }), {
      code: 'IN_USE',
    });
    rmSync(path);
    await leaveStaleSocket(path);
    assert.ok(existsSync(path));
    const again = await startNbdServer({ endpoint, log: silentLogger, clock });
    await again.close();
  });

  test('says what is wrong with an impossible address', async () => {
    const clock = new VirtualClock();
    const endpoint = { kind: 'unix' as const, path: join(folder, 'none', 'socket') };
    await assert.rejects(startNbdServer({ endpoint, log: silentLogger, clock }), {
      code: 'IO_FAILED',
    });
  });
});

/** A socket file with nobody behind it, as kill -9 leaves it: made under another name, and moved away before its end. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}x`, resolve));
  renameSync(`${path}x`, path);
  await new Promise((resolve) => server.close(resolve));
}

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { isSecondwindError } from '../../src/base/errors.ts';
import { type LogFields, type Logger, silentLogger } from '../../src/base/log.ts';
import { happens, integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { connectNbd } from '../../src/nbd/client/nbd-client.ts';
import { encodeOption } from '../../src/nbd/protocol/option.ts';
import {
  encodeExportRequest,
  encodeMetaContextRequest,
  encodeString,
} from '../../src/nbd/protocol/option-data.ts';
import { startNbdServer } from '../../src/nbd/server/nbd-server.ts';
import { FaultyDisk } from '../../src/testing/faulty-disk.ts';
import { RawNbdClient, rawRequest } from '../../src/testing/raw-nbd-client.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 40));
const messages = Number(process.env['MESSAGES'] ?? 200_000);
const diskBytes = 2 ** 20;

test(`survives ${messages} messages nobody should send (SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  const path = join(tmpdir(), `secondwind-fuzz-${randomUUID()}`);
  const strange: unknown[] = [];
  const server = await startNbdServer({
    endpoint: { kind: 'unix', path },
    log: noting(strange),
    clock: systemClock,
  });
  const disk = new FaultyDisk(new MemoryDisk(diskBytes));
  server.addExport({ name: 'disk', disk });
  try {
    const watcher = await RawNbdClient.using(path, 'disk');
    const rssBefore = process.memoryUsage().rss;
    let sent = 0;
    while (sent < messages) {
      disk.plan = happens(random, 0.3) ? { delay: () => wait(0) } : {};
      if (happens(random, 0.2)) disk.plan = { ...disk.plan, failAt: disk.operationCount + 5 };
      const attack = happens(random, 0.25) ? attackHandshake : attackRequests;
      sent += await attack(path, random);
      const burst = happens(random, 0.02) ? 30 : 1;
      await within(3000, askHarmlessly(watcher, burst), `harmless answers (SEED=${seed})`);
      assert.deepEqual(strange, [], `SEED=${seed}`);
    }
    const grownBytes = process.memoryUsage().rss - rssBefore;
    assert.ok(grownBytes < 100 * 2 ** 20, `memory grew by ${grownBytes} bytes (SEED=${seed})`);
    await watcher.close();
  } finally {
    await within(2000, server.close({ isGraceful: false }), `the server to close (SEED=${seed})`);
  }
});

test(`a client survives a server that says anything (SEED=${seed})`, async () => {
  const random = seededRandom(seed + 1);
  const path = join(tmpdir(), `secondwind-fuzz-${randomUUID()}`);
  const script = await recordedAnswers();
  const fake = createServer((socket) => void misbehave(socket, script, random));
  await new Promise<void>((resolve) => fake.listen(path, resolve));
  const endpoint = { kind: 'unix' as const, path };
  for (let round = 0; round < 500; round += 1) {
    try {
      await within(1000, useOnce(endpoint), `a client to end (SEED=${seed})`);
    } catch (error) {
      assert.ok(isSecondwindError(error), `SEED=${seed}: ${String(error)}`);
    }
  }
  await new Promise((resolve) => fake.close(resolve));
  rmSync(path, { force: true });
});

/** Asks for more at once than the kernel holds, and takes all of it. */
async function askHarmlessly(watcher: RawNbdClient, burst: number): Promise<void> {
  const length = burst === 1 ? 512 : 65_536;
  for (let index = 0; index < burst; index += 1) watcher.send({ command: 0, length });
  for (let index = 0; index < burst; index += 1) {
    if ((await watcher.simpleReply()) === 0) await watcher.received.take(length);
  }
}

/** Everything a connection may be closed for is the client's fault, by one of two codes, or a fault we planned. */
function noting(strange: unknown[]): Logger {
  const warn = (_: string, fields?: LogFields): void => {
    const error = fields?.['error'];
    const isPlanned = error instanceof Error && error.message === 'planned fault';
    const isTheirs =
      isSecondwindError(error, 'PROTOCOL') || isSecondwindError(error, 'LIMIT_EXCEEDED');
    if (!isPlanned && !isTheirs) strange.push(error);
  };
  const log: Logger = { ...silentLogger, warn, error: warn, with: () => log };
  return log;
}

async function attackHandshake(path: string, random: Random): Promise<number> {
  const socket = await connected(path);
  const parts: Buffer[] = [
    Buffer.from([0, 0, 0, happens(random, 0.95) ? 3 : random.uint32() % 256]),
  ];
  const count = 1 + integerBelow(random, 40);
  for (let index = 0; index < count; index += 1) {
    const data = optionData(random);
    const number = happens(random, 0.8) ? 1 + integerBelow(random, 11) : random.uint32();
    const bytes = encodeOption(number, data);
    if (happens(random, 0.05)) bytes.writeUInt32BE(random.uint32(), 12);
    parts.push(mutated(bytes, random, 0.05));
  }
  await sendInPieces(socket, Buffer.concat(parts), random);
  await leave(socket, random);
  return count;
}

function optionData(random: Random): Buffer {
  const name = happens(random, 0.8) ? 'disk' : oneOf(random, ['', 'none', 'x'.repeat(5000)]);
  const queries = Array.from({ length: integerBelow(random, 4) }, () =>
    oneOf(random, ['base:allocation', 'base:', '', 'x-y:z']),
  );
  const information = Array.from({ length: integerBelow(random, 6) }, () =>
    integerBelow(random, 6),
  );
  const whole = oneOf(random, [
    Buffer.alloc(0),
    encodeExportRequest({ name, information }),
    encodeMetaContextRequest({ name, queries }),
    encodeString(name),
    noise(random, integerBelow(random, 300)),
  ]);
  return happens(random, 0.2) ? whole.subarray(0, integerBelow(random, whole.length + 1)) : whole;
}

async function attackRequests(path: string, random: Random): Promise<number> {
  const client = await RawNbdClient.using(path, 'disk', happens(random, 0.5));
  const count = 20 + integerBelow(random, 180);
  const parts = Array.from({ length: count }, () => mutated(request(random), random, 0.005));
  await sendInPieces(client.socket, Buffer.concat(parts), random);
  await leave(client.socket, random);
  return count;
}

function request(random: Random): Buffer {
  const number = happens(random, 0.9) ? integerBelow(random, 8) : random.uint32() % 65_536;
  // Rarely a goodbye: what follows it is not looked at.
  const command = number === 2 && happens(random, 0.95) ? 0 : number;
  const offset = happens(random, 0.8)
    ? BigInt(integerBelow(random, diskBytes))
    : oneOf(random, [0n, BigInt(diskBytes), 2n ** 63n, 2n ** 64n - 1n, BigInt(diskBytes) - 1n]);
  const flags = happens(random, 0.7) ? 0 : integerBelow(random, 64);
  const cookie = BigInt(random.uint32());
  if (command === 1 && happens(random, 0.01)) {
    return rawRequest({ command, offset: 0n, flags, cookie, length: random.uint32() });
  }
  if (command === 1) {
    const data = noise(random, lengthOf(random));
    return rawRequest({ command, offset, flags, cookie, data });
  }
  const length = happens(random, 0.97) ? lengthOf(random) : random.uint32();
  return rawRequest({ command, offset, flags, cookie, length });
}

function lengthOf(random: Random): number {
  return oneOf(random, [
    0,
    1,
    512,
    4096,
    4097,
    integerBelow(random, 70_000),
    integerBelow(random, 5000),
  ]);
}

function mutated(bytes: Buffer, random: Random, chance: number): Buffer {
  if (!happens(random, chance) || bytes.length === 0) return bytes;
  const changed = Buffer.from(bytes);
  switch (integerBelow(random, 4)) {
    case 0:
      changed[integerBelow(random, changed.length)] = random.uint32() % 256;
      return changed;
    case 1:
      return changed.subarray(0, integerBelow(random, changed.length));
    case 2:
      return Buffer.concat([changed, noise(random, 1 + integerBelow(random, 40))]);
    default:
      changed.fill(
        random.uint32() % 256,
        0,
        1 + integerBelow(random, Math.min(28, changed.length)),
      );
      return changed;
  }
}

async function sendInPieces(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  const cuts = happens(random, 0.3) ? 1 + integerBelow(random, 20) : 0;
  let at = 0;
  for (let cut = 0; cut < cuts && at < bytes.length; cut += 1) {
    const end = at + 1 + integerBelow(random, Math.min(5000, bytes.length - at));
    socket.write(bytes.subarray(at, end));
    await wait(0);
    at = end;
  }
  socket.write(bytes.subarray(at));
}

/** Most leave without a word at some moment; a few wait whether the server has something to say. */
async function leave(socket: Socket, random: Random): Promise<void> {
  socket.resume();
  if (happens(random, 0.7)) {
    for (let turn = integerBelow(random, 4); turn > 0; turn -= 1) await wait(0);
    socket.destroy();
    return;
  }
  socket.end();
  const gone = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
  await within(1000, gone, `the server to hang up on who has said goodbye (SEED=${seed})`);
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function within<T>(limitMs: number, promise: Promise<T>, what: string): Promise<T> {
  const over = new AbortController();
  const late = wait(limitMs, undefined, { signal: over.signal }).then(
    () => assert.fail(`waited too long for ${what}`),
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

function noise(random: Random, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (let at = 0; at + 4 <= lengthBytes; at += 64) bytes.writeUInt32LE(random.uint32(), at);
  return bytes;
}

async function useOnce(endpoint: { kind: 'unix'; path: string }): Promise<void> {
  const client = await connectNbd({ endpoint, exportName: 'disk' });
  await client.read(Buffer.alloc(4096), 0);
  await client.extents(0, 8192);
  await client.read(Buffer.alloc(100_000), 50_000);
  await client.close();
}

/** What our own server sends to useOnce, message by message. */
async function recordedAnswers(): Promise<readonly Buffer[]> {
  const path = join(tmpdir(), `secondwind-fuzz-${randomUUID()}`);
  const endpoint = { kind: 'unix' as const, path };
  const server = await startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
  const disk = new MemoryDisk(diskBytes);
  disk.write(Buffer.alloc(40_000, 1), 0);
  server.addExport({ name: 'disk', disk });
  const heard: Buffer[] = [];
  const proxyPath = `${path}p`;
  const proxy = createServer((near) => {
    const far = connect(path);
    near.pipe(far);
    far.on('data', (chunk) => {
      heard.push(chunk);
      near.write(chunk);
    });
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(proxyPath, resolve));
  await useOnce({ kind: 'unix', path: proxyPath });
  await new Promise((resolve) => proxy.close(resolve));
  await server.close();
  return heard;
}

/** Answers whatever comes with the next recorded message, sometimes spoilt, and hangs up in the end. */
async function misbehave(socket: Socket, script: readonly Buffer[], random: Random): Promise<void> {
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  for (const message of script) {
    if (socket.destroyed) return;
    socket.write(mutated(message, random, 0.15));
    await wait(0);
  }
  socket.end();
}

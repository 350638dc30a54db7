import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { guestLineBytesMax } from '../base/limits.ts';
import { systemClock } from '../base/system-clock.ts';
import { CommandSocket } from './command-socket.ts';
import type { GuestEvent } from './qmp-message.ts';
import { connectQmp } from './qmp-monitor.ts';

interface Peer {
  readonly path: string;
  readonly events: GuestEvent[];
  readonly listener: { event(event: GuestEvent): void; closed(): void };
  isClosed(): boolean;
}

/** A monitor that says what a test has it say. */
async function peerFor(t: TestContext, serve: (socket: Socket) => void): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'sw-monitor-'));
  const path = join(folder, 'socket');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const events: GuestEvent[] = [];
  let isClosed = false;
  const listener = {
    event: (event: GuestEvent) => void events.push(event),
    closed: () => void (isClosed = true),
  };
  return { path, events, listener, isClosed: () => isClosed };
}

/** Answers each command with the next text, with `ID` for its number. */
function answering(...answers: readonly string[]): (socket: Socket) => void {
  return (socket) => {
    const rest = [...answers];
    socket.on('data', (piece) => {
      for (const line of piece.toString().trim().split('\n')) {
        const { id } = JSON.parse(line) as { readonly id: number };
        socket.write(`${(rest.shift() ?? '').replaceAll('ID', String(id))}\n`);
      }
    });
  };
}

function open(peer: Peer, answerMsMax = 60_000): Promise<CommandSocket> {
  return CommandSocket.open({
    path: peer.path,
    clock: systemClock,
    listener: peer.listener,
    answerMsMax,
  });
}

test('answers find their questions, and events come between them', async (t) => {
  const event = '{"event": "STOP", "data": {"reason": "x"}}';
  const peer = await peerFor(
    t,
    answering(`${event}\n{"return": {"a": 1}, "id": ID}`, '{"return": 2, "id": ID}'),
  );
  const socket = await open(peer);
  const answers = await Promise.all([socket.execute('one'), socket.execute('two', { b: 1 })]);
  assert.deepEqual(answers, [{ a: 1 }, 2]);
  assert.deepEqual(peer.events, [{ name: 'STOP', data: { reason: 'x' } }]);
  socket.close();
});

test('a refusal is told in its own words, without control characters', async (t) => {
  const peer = await peerFor(
    t,
    answering('{"error": {"class": "X", "desc": "no \\u001b[31mway"}, "id": ID}'),
  );
  const socket = await open(peer);
  await assert.rejects(socket.execute('one'), { code: 'GUEST_REFUSED', message: /no {2}\[31mway/ });
  socket.close();
});

test('nobody waits for an answer that does not come, and a late one is passed over', async (t) => {
  const peer = await peerFor(t, answering('', '{"return": 1, "id": 1}\n{"return": 2, "id": ID}'));
  const socket = await open(peer, 1_500);
  await assert.rejects(socket.execute('one'), {
    code: 'GUEST_UNREACHABLE',
    message: /does not answer one/,
  });
  assert.equal(await socket.execute('two'), 2);
  socket.close();
});

test('whoever breaks the protocol is let go of: no JSON, no message, a line without end', async (t) => {
  const endless = 'x'.repeat(guestLineBytesMax + 1);
  for (const text of ['{"return"', '[]', '7', '{}', '{"event": 5}', endless]) {
    const peer = await peerFor(t, answering(text));
    const socket = await open(peer);
    await assert.rejects(socket.execute('one'), { code: 'PROTOCOL' });
    assert.ok(peer.isClosed());
    await assert.rejects(socket.execute('two'), { code: 'PROTOCOL' });
  }
});

test('a closed connection ends all that wait, once', async (t) => {
  const peer = await peerFor(t, (socket) => socket.on('data', () => socket.destroy()));
  const socket = await open(peer);
  const outcomes = await Promise.allSettled([socket.execute('one'), socket.execute('two')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.ok(peer.isClosed());
});

test('a monitor that does not greet, or refuses, is not connected to', async (t) => {
  const silent = await peerFor(t, () => undefined);
  const options = { clock: systemClock, answerMsMax: 100 };
  await assert.rejects(connectQmp({ ...options, path: silent.path, listener: silent.listener }), {
    code: 'GUEST_UNREACHABLE',
    message: /does not greet/,
  });
  const rude = await peerFor(t, (socket) => {
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\n');
    answering('{"error": {"desc": "never"}, "id": ID}')(socket);
  });
  const path = { path: rude.path, listener: rude.listener };
  await assert.rejects(connectQmp({ ...options, ...path }), { code: 'GUEST_REFUSED' });
});

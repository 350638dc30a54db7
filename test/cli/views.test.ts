import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { StatusReport } from '../../src/service/status-report.ts';
import type { ViewReport } from '../../src/service/view-report.ts';
import { CommandRig, type RigServer } from './command-rig.ts';
import { program, protect, readThrough, writeImage, writeThrough } from './disk-images.ts';

const rig = new CommandRig();
const mebibyte = 1024 * 1024;
let server: RigServer;
let original: Buffer;

before(async () => {
  server = await rig.serve();
  original = writeImage(rig.path('db1.img'), 8, 1);
  const uri = await protect(rig, 'db1/root', rig.path('db1.img'));
  await rig.ok(['bookmark', 'db1', 'before']);
  await writeThrough(uri, 4 * mebibyte, 0xab);
});
after(() => rig.close());

function open(at: string, socket: string, ...words: readonly string[]): Promise<ViewReport> {
  const listen = `unix:${rig.path(socket)}`;
  return rig.json<ViewReport>(['open', 'db1/root', '--at', at, '--listen', listen, ...words]);
}

test('several views are open at once, each at its moment', async () => {
  const then = await open('bookmark:before', 'then.sock');
  const now = await open('now', 'now.sock');
  assert.deepEqual(await readThrough(then.uri, rig.path('a')), original);
  const changed = Buffer.from(original).fill(0xab, 4 * mebibyte, 4 * mebibyte + 65_536);
  assert.deepEqual(await readThrough(now.uri, rig.path('b')), changed);
  await assert.rejects(() => writeThrough(then.uri, 0, 1), /Permission denied/);
  assert.match(await rig.ok(['status']), new RegExp(`${then.id} +db1/root .* read-only`));
  for (const view of [then, now]) await rig.ok(['close', view.id]);
  assert.equal((await rig.json<StatusReport>(['status'])).views.length, 0);
});

test('what is written to a view is thrown away, or kept as a file', async () => {
  const first = await open('bookmark:before', 'w1.sock', '--writable');
  await writeThrough(first.uri, 0, 0xcd);
  const written = Buffer.from(original).fill(0xcd, 0, 65_536);
  assert.deepEqual(await readThrough(first.uri, rig.path('w1')), written);
  await rig.ok(['close', first.id, '--keep', 'kept.img']);
  assert.deepEqual(readFileSync(rig.path('kept.img')), written);

  const second = await open('bookmark:before', 'w1.sock', '--writable');
  assert.deepEqual(
    await readThrough(second.uri, rig.path('w2')),
    original,
    'the view itself is untouched',
  );
  await writeThrough(second.uri, 0, 0xef);
  const overlays = readdirSync(`${rig.dataFolder}/overlays`);
  const plain = overlays.some((name) =>
    readFileSync(`${rig.dataFolder}/overlays/${name}`).includes(Buffer.alloc(512, 0xef)),
  );
  assert.equal(plain, false, 'plain data rests in the overlay');
  await rig.ok(['close', second.id]);
  assert.deepEqual(readdirSync(`${rig.dataFolder}/overlays`), []);
});

test('a view that cannot be kept stays open with what was written', async () => {
  const view = await open('bookmark:before', 'w3.sock', '--writable');
  await writeThrough(view.uri, 0, 0x11);
  writeFileSync(rig.path('there.img'), 'something');
  const refused = await rig.failure(['close', view.id, '--keep', 'there.img']);
  assert.equal(refused.code, 'ALREADY_EXISTS');
  assert.deepEqual(
    await readThrough(view.uri, rig.path('w3')),
    Buffer.from(original).fill(0x11, 0, 65_536),
  );
  await rig.ok(['close', view.id]);
});

test('a view over TCP finds a free port and tells it', async () => {
  const words = ['open', 'db1/root', '--at', 'bookmark:before', '--listen', '127.0.0.1:0'];
  const view = await rig.json<ViewReport>(words);
  assert.match(view.uri, /^nbd:\/\/127\.0\.0\.1:[1-9]\d*\/view-\d+$/);
  assert.deepEqual(await readThrough(view.uri, rig.path('tcp')), original);
  const info = await program('nbdinfo', ['--list', view.uri.replace(/\/view-\d+$/, '')]);
  assert.match(info, new RegExp(`export="${view.id}"`));
  await rig.ok(['close', view.id]);
});

test('what cannot be opened or closed is refused with its own code', async () => {
  const listen = ['--listen', `unix:${rig.path('x.sock')}`];
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ['UNKNOWN_MACHINE', 3, ['open', 'nobody/root', '--at', 'now', ...listen]],
    ['NO_POINT_YET', 10, ['open', 'db1/root', '--at', '2001-02-03', ...listen]],
    ['TIME_IN_FUTURE', 10, ['open', 'db1/root', '--at', '2199-02-03', ...listen]],
    ['IN_USE', 5, ['open', 'db1/root', '--at', 'now', '--listen', `unix:${rig.path('db1.img')}`]],
    ['USAGE', 2, ['open', 'db1/root', '--at', 'now', '--listen', 'unix:']],
    ['NOT_FOUND', 3, ['close', 'view-99']],
    ['NOT_FOUND', 3, ['close', '../view']],
  ];
  for (const [code, exitCode, words] of cases) {
    const failure = await rig.failure(words);
    assert.equal(failure.code, code, `${words.join(' ')}: ${failure.message}`);
    assert.equal(failure.exitCode, exitCode);
  }
  assert.equal(existsSync(rig.path('x.sock')), false, 'a refused view leaves no socket behind');
});

test('read-only views come back after a restart; a writable one says that it did not', async () => {
  const reading = await open('bookmark:before', 'r.sock');
  const writing = await open('bookmark:before', 'w.sock', '--writable');
  assert.equal(await server.end(), 0);
  server = await rig.serve();
  const { views, disks } = await rig.json<StatusReport>(['status']);
  assert.equal(disks[0]?.state, 'protecting');
  assert.deepEqual(await readThrough(reading.uri, rig.path('r')), original);
  assert.match(views.find((view) => view.id === writing.id)?.reason ?? '', /ended with the server/);
  for (const view of views) await rig.ok(['close', view.id]);
});

test('a client that stays connected does not keep the server from ending', async () => {
  const view = await open('bookmark:before', 'stay.sock');
  const socket = connect(rig.path('stay.sock'));
  socket.on('error', () => undefined);
  assert.equal(await server.end(), 0);
  socket.destroy();
  server = await rig.serve();
  await rig.ok(['close', view.id]);
});

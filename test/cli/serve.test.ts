import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { AddedKeyReport, KeyReport } from '../../src/service/key-report.ts';
import type { RestoreReport } from '../../src/service/restore-report.ts';
import type { StatusReport } from '../../src/service/status-report.ts';
import { CommandRig, until } from './command-rig.ts';
import { protect, writeImage, writeThrough } from './disk-images.ts';

test('the first start makes a private folder and a key, and says how to make that safe', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  assert.equal(statSync(rig.dataFolder).mode & 0o777, 0o700);
  assert.equal(statSync(`${rig.dataFolder}/key`).mode & 0o777, 0o600);
  assert.equal(statSync(`${rig.dataFolder}/key`).size, 32);
  assert.equal(statSync(`${rig.dataFolder}/secondwind.sock`).mode & 0o777, 0o600);
  assert.equal(await server.end(), 0);
  assert.match(server.log, /THE ONLY KEY TO THIS REPOSITORY IS A FILE/);
});

test('a second server on the same folder is refused and told who holds it', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  const refused = await rig.failure(['serve']);
  assert.equal(refused.code, 'IN_USE');
  assert.equal(refused.exitCode, 5);
  assert.match(refused.message, new RegExp(`process ${server.pid} serves it since 20`));
  await rig.ok(['status']);
});

test('a folder that holds something else is left alone', async (t) => {
  const rig = CommandRig.forTest(t);
  writeFileSync(rig.path('mine.txt'), 'mine');
  const refused = await rig.failure(['serve', '--data', rig.folder]);
  assert.equal(refused.code, 'USAGE');
});

test('without a server every command says how to start one', async (t) => {
  const rig = CommandRig.forTest(t);
  const failure = await rig.failure(['status']);
  assert.equal(failure.code, 'SERVER_UNREACHABLE');
  assert.equal(failure.exitCode, 9);
  assert.match(failure.advice, /secondwind serve/);
});

test('keys: a passphrase and a recovery key open the repository, anything else does not', async (t) => {
  const rig = CommandRig.forTest(t);
  const first = await rig.serve();
  const passphrase = 'correct horse, battery staple: ünïcode';
  await rig.ok(['key', 'add', '--passphrase-file', '-', '--label', 'admins'], {
    input: `${passphrase}\n`,
  });
  const recovery = await rig.json<AddedKeyReport>(['key', 'add', '--recovery']);
  await rig.ok(['key', 'add', '--key-file', 'usb.key']);
  assert.equal(statSync(rig.path('usb.key')).mode & 0o777, 0o600);
  const keys = await rig.json<KeyReport[]>(['key', 'list']);
  assert.deepEqual(keys.map((key) => key.kind).sort(), [
    'key-file',
    'key-file',
    'passphrase',
    'recovery',
  ]);
  const original = keys.find((key) => key.label === 'made at the first start')!;
  await rig.ok(['key', 'remove', original.id]);
  assert.equal((await rig.failure(['key', 'remove', original.id])).code, 'NOT_FOUND');
  await first.end();

  const stale = await rig.failure(['serve']);
  assert.equal(stale.code, 'WRONG_KEY');
  assert.equal(stale.exitCode, 6);
  rmSync(`${rig.dataFolder}/key`);
  assert.equal((await rig.failure(['serve'])).code, 'USAGE');
  writeFileSync(rig.path('wrong'), 'wrong passphrase\n');
  assert.equal((await rig.failure(['serve', '--passphrase-file', 'wrong'])).code, 'WRONG_KEY');

  const fromInput = await rig.serve(['--passphrase-file', '-'], { input: passphrase });
  await fromInput.end();
  writeFileSync(rig.path('paper'), recovery.recoveryKey!.toLowerCase().replaceAll(' ', '\n'));
  const fromPaper = await rig.serve(['--recovery-key-file', 'paper']);
  await fromPaper.end();
  writeFileSync(rig.path('slip'), slip(recovery.recoveryKey!));
  const slipped = await rig.failure(['serve', '--recovery-key-file', 'slip']);
  assert.match(slipped.message, /group 3/);
  writeFileSync(rig.path('passphrase'), `${passphrase}\n`);
  const environment = { CREDENTIALS_DIRECTORY: rig.folder };
  const fromSystemd = await rig.serve([], { environment });
  const logs = [first, fromInput, fromPaper, fromSystemd].map((server) => server.log).join('');
  assert.ok(!logs.includes(passphrase) && !logs.includes(recovery.recoveryKey!));
});

/** Changes one letter of the third group. */
function slip(recoveryKey: string): string {
  const groups = recoveryKey.split(' ');
  const letter = groups[2]!.startsWith('A') ? 'B' : 'A';
  groups[2] = letter + groups[2]!.slice(1);
  return groups.join(' ');
}

test('a repository can begin with a passphrase, and then no key lies beside its data', async (t) => {
  const rig = CommandRig.forTest(t);
  writeFileSync(rig.path('passphrase'), 'from the beginning\n');
  const server = await rig.serve(['--passphrase-file', 'passphrase']);
  assert.deepEqual(
    (await rig.json<KeyReport[]>(['key', 'list'])).map((key) => key.kind),
    ['passphrase'],
  );
  assert.equal(existsSync(`${rig.dataFolder}/key`), false);
  assert.doesNotMatch(server.log, /THE ONLY KEY/);
});

test('a data folder whose socket path would be too long is refused before anything is made', async (t) => {
  const rig = CommandRig.forTest(t);
  const dataFolder = rig.path('x'.repeat(100));
  const refused = await rig.failure(['serve', '--data', dataFolder]);
  assert.equal(refused.code, 'USAGE');
  assert.equal(existsSync(dataFolder), false);
});

test('the last key cannot be removed', async (t) => {
  const rig = CommandRig.forTest(t);
  await rig.serve();
  const [only] = await rig.json<KeyReport[]>(['key', 'list']);
  const refused = await rig.failure(['key', 'remove', only!.id]);
  assert.equal(refused.code, 'LAST_KEY');
  assert.equal(refused.exitCode, 4);
});

test('a key without a kind, an empty passphrase and a short key file are refused', async (t) => {
  const rig = CommandRig.forTest(t);
  await rig.serve();
  writeFileSync(rig.path('short.key'), 'short');
  for (const words of [
    ['key', 'add'],
    ['key', 'add', '--passphrase'],
    ['key', 'add', '--key-file', 'short.key'],
  ]) {
    assert.equal((await rig.failure(words)).code, 'USAGE', words.join(' '));
  }
  const empty = await rig.failure(['key', 'add', '--passphrase-file', '-'], { input: '\n' });
  assert.equal(empty.code, 'USAGE');
});

test('after kill -9 everything is taken up again, and nothing that was stored is lost', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  const image = rig.path('db1.img');
  writeImage(image, 8, 3);
  const uri = await protect(rig, 'db1/root', image);
  await writeThrough(uri, 0, 0x5a);
  await rig.ok(['bookmark', 'db1', 'safe']);
  await writeThrough(uri, 65_536, 0x5b);
  await server.end('SIGKILL');
  await rig.serve();
  await until(async () => {
    const { disks } = await rig.json<StatusReport>(['status']);
    return disks[0]?.state === 'protecting' ? disks : undefined;
  });
  await rig.json<RestoreReport>([
    'restore',
    'db1/root',
    '--at',
    'bookmark:safe',
    '--to',
    'safe.img',
  ]);
  assert.ok(
    readFileSync(rig.path('safe.img'))
      .subarray(0, 65_536)
      .every((byte) => byte === 0x5a),
  );
  await rig.ok(['restore', 'db1/root', '--at', 'now', '--to', 'now.img']);
  assert.deepEqual(readFileSync(rig.path('now.img')), readFileSync(image));
});

test('a disk whose backing is missing is shown as failed, and keeps nobody else from starting', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  for (const name of ['here', 'gone']) {
    writeImage(rig.path(`${name}.img`), 4, 1);
    await protect(rig, `${name}/root`, rig.path(`${name}.img`));
  }
  await server.end();
  const saved = readFileSync(rig.path('gone.img'));
  rmSync(rig.path('gone.img'));
  await rig.serve();
  const { disks } = await rig.json<StatusReport>(['status']);
  const states = Object.fromEntries(disks.map((disk) => [disk.machine, disk.state]));
  assert.deepEqual(states, { gone: 'failed', here: 'protecting' });
  assert.match(await rig.ok(['status']), /gone\/root: There is no file or device/);
  assert.equal((await rig.failure(['disk', 'resume', 'gone/root'])).code, 'NOT_FOUND');
  writeFileSync(rig.path('gone.img'), saved);
  await rig.ok(['disk', 'resume', 'gone/root']);
  await until(async () => {
    const report = await rig.json<StatusReport>(['status']);
    return report.disks.every((disk) => disk.state === 'protecting') ? report : undefined;
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DiskReport } from '../../src/service/disk-report.ts';
import type { MachineReport } from '../../src/service/machine-report.ts';
import { CommandRig, type RigServer, until } from '../cli/command-rig.ts';
import { BareQemu } from './bare-qemu.ts';

const mebibyte = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'sw-qemu-'));
const rig = new CommandRig();
const qemu = new BareQemu(folder);
let server: RigServer;

before(async () => {
  qemu.makeImage('root', 24 * mebibyte);
  qemu.makeImage('data', 8 * mebibyte);
  [server] = await Promise.all([rig.serve(), qemu.start(['root', 'data'])]);
  await qemu.io('root', 'write -P 1 1M 2M');
});
after(async () => {
  await rig.close();
  await qemu.kill();
  rmSync(folder, { recursive: true });
});

async function state(disk: string, wanted: DiskReport['state']): Promise<DiskReport> {
  return until(async () => {
    const all = await rig.json<DiskReport[]>(['disk', 'list']);
    return all.find((each) => each.disk === disk && each.state === wanted);
  });
}

/** Asserts that the newest moment of a disk is what its image holds. */
async function assertSame(disk: string): Promise<void> {
  await state(disk, 'protecting');
  const target = join(folder, 'restored');
  await rig.ok(['restore', `web1/${disk}`, '--at', 'now', '--to', target]);
  const isSame = readFileSync(target).equals(readFileSync(qemu.image(disk)));
  rmSync(target);
  assert.ok(isSame, `${disk} is not what the guest has`);
}

test('writes, zeroes and trims arrive, those of half a block too', async () => {
  await rig.ok(['machine', 'protect', 'web1', '--qmp', qemu.qmp]);
  await state('root', 'protecting');
  await state('data', 'protecting');
  await qemu.io('root', 'write -P 2 4M 3M');
  await qemu.io('root', 'write -P 3 512 512');
  await qemu.io('root', 'write -P 4 1536k 1536');
  await qemu.io('root', 'write -z 5M 1M');
  await qemu.io('root', 'discard 6M 512k');
  await qemu.io('data', 'write -P 5 0 1M');
  await assertSame('root');
  await assertSame('data');
});

test('a mirror that somebody ends comes back by itself, and what was written meanwhile is found', async () => {
  const jobs = (await qemu.ours()).filter((name) => !name.includes('read'));
  assert.equal(jobs.length, 2);
  const unwatched = jobs.map((device) => qemu.execute('block-job-cancel', { device, force: true }));
  await Promise.all(unwatched);
  await qemu.io('root', 'write -P 6 10M 64k');
  await until(async () => (server.log.includes('"away"') ? true : undefined));
  await assertSame('root');
  const { gaps } = await rig.json<{ gaps: { disk: string; to?: string }[] }>([
    'timeline',
    'web1/root',
  ]);
  assert.ok(gaps.length >= 2, 'the timeline does not show that the mirror was away');
});

test('a paused disk can be resized, and is protected at its new size', async () => {
  const resize = { device: 'root', size: 32 * mebibyte };
  await assert.rejects(qemu.execute('block_resize', resize), /in use/);
  await rig.ok(['disk', 'pause', 'web1/root']);
  await state('root', 'paused');
  await until(async () => {
    const names = (await qemu.ours()).filter((name) => !name.includes('read'));
    return names.length === 1 ? true : undefined;
  });
  await qemu.execute('block_resize', resize);
  await qemu.io('root', 'write -P 7 30M 1M');
  await rig.ok(['disk', 'resume', 'web1/root']);
  await assertSame('root');
  assert.equal((await state('root', 'protecting')).sizeBytes, 32 * mebibyte);
});

test('what a killed server left in QEMU is removed, and the guest goes on meanwhile', async () => {
  await server.end('SIGKILL');
  await qemu.io('root', 'write -P 8 12M 128k');
  await qemu.io('data', 'write -P 8 2M 128k');
  server = await rig.serve();
  await assertSame('root');
  await assertSame('data');
  const jobs = (await qemu.ours()).filter((name) => !name.includes('read'));
  assert.equal(jobs.length, 2, jobs.join());
});

test('a guest that comes back without a disk is protected with those it has', async () => {
  await qemu.kill();
  await state('data', 'away');
  await qemu.start(['root']);
  await qemu.io('root', 'write -P 9 14M 64k');
  await assertSame('root');
  await state('data', 'away');
});

test('an unprotected guest goes on with nothing of ours in it', async () => {
  const ended = await rig.json<MachineReport>(['machine', 'unprotect', 'web1']);
  assert.equal(ended.state, 'history');
  assert.deepEqual(await qemu.ours(), []);
  await qemu.io('root', 'write -P 10 0 64k');
  const addr = { type: 'unix', data: { path: join(folder, 'free') } };
  await qemu.execute('nbd-server-start', { addr });
  const { exitCode, code } = await rig.failure(['machine', 'unprotect', 'web1']);
  assert.deepEqual({ exitCode, code }, { exitCode: 3, code: 'NOT_FOUND' });
});

test('machines that are one server are listed together', async () => {
  await rig.ok(['disk', 'add', 'inside/root', '--image', qemu.image('data')]);
  await rig.ok(['machine', 'link', 'web1', 'inside']);
  const all = await rig.json<MachineReport[]>(['machine', 'list']);
  assert.deepEqual(
    all.map(({ server: name, machine }) => [name, machine]),
    [
      ['inside', 'inside'],
      ['inside', 'web1'],
    ],
  );
  await rig.ok(['machine', 'unlink', 'inside']);
  const apart = await rig.json<MachineReport[]>(['machine', 'list']);
  assert.deepEqual(
    apart.map(({ server: name }) => name),
    ['inside', 'web1'],
  );
});

test('what cannot be protected is refused in words', async () => {
  const nobody = await rig.failure(['machine', 'protect', 'x', '--qmp', join(folder, 'nobody')]);
  assert.deepEqual([nobody.exitCode, nobody.code], [9, 'GUEST_UNREACHABLE']);
  const noDisk = await rig.failure([
    'machine',
    'protect',
    'x',
    '--qmp',
    qemu.qmp,
    '--disk',
    'none',
  ]);
  assert.deepEqual([noDisk.exitCode, noDisk.code], [3, 'NOT_FOUND']);
  const both = ['machine', 'protect', 'x', '--qmp', qemu.qmp, '--libvirt', 'x'];
  assert.equal((await rig.failure(both)).exitCode, 2);
});

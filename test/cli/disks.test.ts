import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { DiskReport } from '../../src/service/disk-report.ts';
import type { StatusReport } from '../../src/service/status-report.ts';
import { CommandRig, until } from './command-rig.ts';
import { program, protect, writeImage, writeThrough } from './disk-images.ts';

const rig = new CommandRig();

before(async () => {
  await rig.serve();
});
after(() => rig.close());

test('a tap is served, captured and shown', async () => {
  const image = rig.path('shown.img');
  writeImage(image, 8, 1);
  const uri = await protect(rig, 'shown/root', image);
  await writeThrough(uri, 4 * 1024 * 1024, 7);
  const status = await rig.json<StatusReport>(['status']);
  const disk = status.disks.find((each) => each.machine === 'shown');
  assert.equal(disk?.source, 'tap');
  assert.equal(disk.path, image);
  assert.equal(disk.sizeBytes, 8 * 1024 * 1024);
  assert.equal(status.dataFolder, rig.dataFolder);
  const text = await rig.ok(['status']);
  assert.match(text, /shown\/root +protecting +8 MiB/);
  assert.match(text, /\(Europe\/Berlin\)/);
});

test('a paused disk shows its gap, and a resumed one closes it', async () => {
  const image = rig.path('paused.img');
  writeImage(image, 4, 2);
  const uri = await protect(rig, 'paused/root', image);
  const paused = await rig.json<DiskReport>(['disk', 'pause', 'paused/root']);
  assert.equal(paused.state, 'paused');
  await writeThrough(uri, 0, 9);
  await until(async () => {
    const [disk] = (await rig.json<DiskReport[]>(['disk', 'list'])).filter(
      (each) => each.machine === 'paused',
    );
    return disk?.gapSince === undefined ? undefined : disk;
  });
  await rig.ok(['disk', 'resume', 'paused/root']);
  await until(async () => {
    const [disk] = (await rig.json<DiskReport[]>(['disk', 'list'])).filter(
      (each) => each.machine === 'paused',
    );
    return disk?.state === 'protecting' && disk.gapSince === undefined ? disk : undefined;
  });
  const text = await rig.ok(['timeline', 'paused/root']);
  assert.match(text, /gap: paused\/root cannot be restored from .* to /);
});

test('a removed disk keeps its points, and can be added again', async () => {
  const image = rig.path('removed.img');
  writeImage(image, 4, 3);
  await protect(rig, 'removed/root', image);
  const removed = await rig.json<DiskReport>(['disk', 'remove', 'removed/root']);
  assert.equal(removed.state, 'history');
  assert.ok(removed.lastPoint);
  const refused = await rig.failure(['disk', 'pause', 'removed/root']);
  assert.equal(refused.exitCode, 2);
  await protect(rig, 'removed/root', image);
  await rig.ok(['disk', 'remove', 'removed/root']);
});

test('several disks share an address by name', async () => {
  const listen = `unix:${rig.path('shared.sock')}`;
  for (const disk of ['a', 'b']) {
    writeImage(rig.path(`shared-${disk}.img`), 4, 4);
    const image = rig.path(`shared-${disk}.img`);
    await rig.ok(['disk', 'add', `shared/${disk}`, '--tap', image, '--listen', listen]);
  }
  await writeThrough(`nbd+unix:///shared/b?socket=${rig.path('shared.sock')}`, 0, 1);
  await rig.ok(['disk', 'remove', 'shared/a']);
  await writeThrough(`nbd+unix:///?socket=${rig.path('shared.sock')}`, 0, 2);
});

test('what cannot be protected is refused with its own code', async () => {
  const image = rig.path('wrong.img');
  writeImage(image, 4, 5);
  mkdirSync(rig.path('folder'));
  const listen = ['--listen', `unix:${rig.path('wrong.sock')}`];
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ['NOT_A_DISK', 2, ['disk', 'add', 'w/x', '--tap', rig.path('folder'), ...listen]],
    ['NOT_FOUND', 3, ['disk', 'add', 'w/x', '--tap', rig.path('nothing'), ...listen]],
    ['NOT_A_DISK', 2, ['disk', 'add', 'w/x', '--image', '/dev/null']],
    ['USAGE', 2, ['disk', 'add', 'w/x']],
    ['USAGE', 2, ['disk', 'add', 'w/x', '--tap', image]],
    ['USAGE', 2, ['disk', 'add', 'w/x', '--tap', image, '--image', image, ...listen]],
    ['USAGE', 2, ['disk', 'add', 'no-slash', '--tap', image, ...listen]],
    ['USAGE', 2, ['disk', 'add', 'w/../x', '--tap', image, ...listen]],
    ['USAGE', 2, ['disk', 'add', 'w/x', '--tap', image, '--listen', 'nowhere']],
    ['USAGE', 2, ['disk', 'add', 'w/x', '--tap', image, ...listen, '--window', '1 ms']],
    ['UNKNOWN_MACHINE', 3, ['disk', 'pause', 'nobody/x']],
    ['UNKNOWN_MACHINE', 3, ['disk', 'scan', 'nobody/x']],
    ['UNKNOWN_DISK', 3, ['disk', 'remove', 'shown/x']],
    ['USAGE', 2, ['disk', 'scan', 'shown/root']],
    ['IN_USE', 5, ['disk', 'add', 'w/x', '--tap', rig.path('shown.img'), ...listen]],
    ['ALREADY_EXISTS', 4, ['disk', 'add', 'shown/root', '--tap', image, ...listen]],
  ];
  for (const [code, exitCode, words] of cases) {
    const failure = await rig.failure(words);
    assert.equal(failure.code, code, `${words.join(' ')}: ${failure.message}`);
    assert.equal(failure.exitCode, exitCode, words.join(' '));
    assert.ok(failure.advice.length > 0);
  }
});

test('an address that is taken is refused, and the disk is left as it was', async () => {
  const image = rig.path('taken.img');
  writeImage(image, 4, 6);
  const listen = `unix:${rig.path('data')}/secondwind.sock`;
  const failure = await rig.failure(['disk', 'add', 'taken/x', '--tap', image, '--listen', listen]);
  assert.equal(failure.code, 'IN_USE');
  const disks = await rig.json<DiskReport[]>(['disk', 'list']);
  assert.ok(disks.every((disk) => disk.machine !== 'taken' || disk.state === 'history'));
  await protect(rig, 'taken/x', image);
});

test('a served device is kept from being mounted, and given back in the end', async (t) => {
  if (process.getuid?.() !== 0) return; // Only root may make a loop device.
  const image = rig.path('device.img');
  writeFileSync(image, Buffer.alloc(4 * 1024 * 1024));
  await program('/usr/sbin/mkfs.ext4', ['-q', image]);
  const device = (await program('/usr/sbin/losetup', ['-f', '--show', image])).trim();
  t.after(() => program('/usr/sbin/losetup', ['-d', device]));
  mkdirSync(rig.path('mount'));
  const mount = (): Promise<string> => program('mount', ['-t', 'ext4', device, rig.path('mount')]);

  const listen = ['--listen', `unix:${rig.path('device.sock')}`];
  await rig.ok(['disk', 'add', 'device/x', '--tap', device, ...listen]);
  await assert.rejects(mount, /busy/);
  await rig.ok(['disk', 'remove', 'device/x']);
  await mount();
  t.after(() => program('umount', [rig.path('mount')]));
  const mounted = await rig.failure(['disk', 'add', 'device/x', '--tap', device, ...listen]);
  assert.equal(mounted.code, 'IN_USE');
  assert.match(mounted.message, /mounted/);
});

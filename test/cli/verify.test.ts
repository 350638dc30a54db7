import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { StatusReport } from '../../src/service/status-report.ts';
import type { TimelineReport } from '../../src/service/timeline-report.ts';
import type { VerifyReport } from '../../src/service/verify/verify-report.ts';
import { DiskImage } from '../filesystem/disk-image.ts';
import { tool } from '../nbd/served.ts';
import { CommandRig, type RigServer, until } from './command-rig.ts';

const rig = new CommandRig();
let image: DiskImage;
let server: RigServer;

before(async () => {
  image = await DiskImage.make(32 * 2 ** 20, ['mkfs.ext4', '-q', '-F', '-b', '4096']);
  await image.mounted([], (folder) => {
    for (let index = 0; index < 60; index++) mkdirSync(join(folder, `folder-${index}`));
  });
  server = await rig.serve();
  await rig.ok(['disk', 'add', 'db1/root', '--image', image.path]);
  await rig.ok(['disk', 'scan', 'db1/root']);
  await rig.ok(['bookmark', 'db1', 'sound']);
});
after(async () => {
  await rig.close();
  await image[Symbol.asyncDispose]();
});

/** Marks of health checks on the timeline, the oldest point first. */
async function marks(): Promise<readonly string[]> {
  const { points } = await rig.json<TimelineReport>(['timeline', 'db1']);
  const notes = points.flatMap((point) => point.notes);
  return notes.filter(({ kind }) => kind === 'verified').map(({ text }) => text);
}

test('a sound disk is clean, and its point says so', async () => {
  const report = await rig.json<VerifyReport>(['verify', 'db1', '--at', 'bookmark:sound']);
  assert.equal(report.verdict, 'clean');
  const [volume] = report.volumes;
  assert.equal(volume?.fileSystem, 'ext4');
  assert.deepEqual(volume?.checkers, ['reader', 'e2fsck']);
  assert.deepEqual(await marks(), ['clean']);
  assert.match(await rig.ok(['timeline', 'db1', '--points']), /verified: clean/);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(rig.dataFolder));
});

test('what a mounted file system leaves in its journal is no damage', async () => {
  const copy = rig.path('busy.img');
  await image.mounted([], async (folder) => {
    for (let index = 0; index < 200; index++) {
      writeFileSync(join(folder, `file-${index}`), `content ${index}`);
    }
    // A file that is gone and still open is on the list of orphans, which e2fsck alone calls damage.
    const open = openSync(join(folder, 'removed'), 'w');
    writeSync(open, 'still in use');
    rmSync(join(folder, 'removed'));
    await tool('sync', '-f', folder);
    copyFileSync(image.path, copy);
    closeSync(open);
  });
  await rig.ok(['disk', 'add', 'db2/root', '--image', copy]);
  await rig.ok(['disk', 'scan', 'db2/root']);
  const report = await rig.json<VerifyReport>(['verify', 'db2/root']);
  const damages = report.volumes.flatMap(({ findings }) => findings);
  assert.equal(report.verdict, 'clean', JSON.stringify(damages));
  assert.deepEqual(report.volumes[0]?.checkers, ['reader', 'e2fsck']);
  await assert.rejects(
    tool('e2fsck', '-fn', copy),
    'the copy was not in use, and the test proves nothing',
  );
});

test('damage is found, by structure and offset, and the earlier point stays clean', async () => {
  const blockBytes = 4096;
  const words = await tool('dumpe2fs', image.path);
  const block = Number(/Inode table at (\d+)/.exec(words)?.[1]);
  const file = openSync(image.path, 'r+');
  // The second block of the table: the root and the journal stay as they are, so that the disk can still be opened.
  writeSync(file, Buffer.alloc(blockBytes, 0xa5), 0, blockBytes, (block + 1) * blockBytes);
  closeSync(file);
  await rig.ok(['disk', 'scan', 'db1/root']);
  const { code, stdout } = await rig.run(['verify', 'db1/root', '--json']);
  assert.equal(code, 7);
  const { result } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: VerifyReport };
  assert.equal(result.verdict, 'damage');
  const found = result.volumes.flatMap(({ findings }) => findings);
  const own = found.find(({ checker, severity }) => checker === 'reader' && severity === 'damage');
  assert.match(own?.structure ?? '', /inode/);
  const inBlock = (own?.offsetBytes ?? 0) - (block + 1) * blockBytes;
  assert.ok(inBlock >= 0 && inBlock < blockBytes, JSON.stringify(own));
  assert.ok(found.some(({ checker, severity }) => checker === 'e2fsck' && severity === 'damage'));
  assert.deepEqual(await marks(), ['clean', 'damage']);
  const again = await rig.json<VerifyReport>(['verify', 'db1', '--at', 'bookmark:sound']);
  assert.equal(again.verdict, 'clean');
});

test('what is scheduled is checked by itself, and damage stands out wherever disks are shown', async () => {
  const nothing = await rig.ok(['verify', '--schedule']);
  assert.match(nothing, /Nothing is checked by itself/);
  const linesBefore = server.log.split('A health check found damage').length;
  await rig.ok(['verify', 'db1/root', '--schedule', 'every-day']);
  const status = await until(async () => {
    const report = await rig.json<StatusReport>(['status']);
    return report.healthSchedules[0]?.point === undefined ? undefined : report;
  });
  const health = status.disks.find(({ machine }) => machine === 'db1')?.health;
  assert.equal(health?.verdict, 'damage');
  assert.equal(health?.point, status.healthSchedules[0]?.point);
  assert.equal(server.log.split('A health check found damage').length, linesBefore + 1);
  const text = await rig.ok(['status']);
  assert.match(text, /db1\/root: DAMAGED at point .*inode/);
  assert.match(text, /db1\/root +every day +\d/);
  assert.match(await rig.ok(['timeline', 'db1']), /db1\/root: DAMAGED/);
  assert.match(await rig.ok(['verify', 'db1/root', '--no-schedule']), /not checked by itself/);
  assert.deepEqual(await rig.json(['verify', '--schedule']), []);
  const { exitCode, message } = await rig.failure(['verify', 'db1', '--schedule', 'often']);
  assert.equal(exitCode, 2);
  assert.match(message, /every-hour, every-6h/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { StatusReport } from '../../src/service/status-report.ts';
import { CommandRig, until } from './command-rig.ts';
import { protect, writeImage, writeThrough } from './disk-images.ts';

const mebibyte = 2 ** 20;

// What was acknowledged in the last second before a kill may be in no commit; no moment from then on may be shown as whole.
test('after a kill the gap of every disk of a machine begins before it', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  const uris: string[] = [];
  for (const [index, disk] of ['a', 'b', 'c'].entries()) {
    writeImage(rig.path(`${disk}.img`), 4, index + 1);
    uris.push(await protect(rig, `db1/${disk}`, rig.path(`${disk}.img`)));
  }
  for (const uri of uris) await writeThrough(uri, mebibyte, 0xcd);
  await server.end('SIGKILL');
  await wait(300);
  const away = new Date().toISOString();
  await wait(300);
  await rig.serve();
  await until(async () => {
    const { disks } = await rig.json<StatusReport>(['status']);
    return disks.every(({ state }) => state === 'protecting') ? disks : undefined;
  });
  for (const disk of ['a', 'b', 'c']) {
    const words = ['restore', `db1/${disk}`, '--at', away, '--to', rig.path(`${disk}.out`)];
    assert.equal((await rig.failure(words)).code, 'POINT_IN_GAP', disk);
  }
});

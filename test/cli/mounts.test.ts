import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { MountReport, OpenedShareReport } from '../../src/service/mount-report.ts';
import type { StatusReport } from '../../src/service/status-report.ts';
import { CommandRig, type RigServer } from './command-rig.ts';

const run = promisify(execFile);
const rig = new CommandRig();
let server: RigServer;

before(async () => {
  server = await rig.serve();
  writeFileSync(rig.path('disk.img'), '');
  truncateSync(rig.path('disk.img'), 32 * 2 ** 20);
  await run('mkntfs', ['-q', '-F', rig.path('disk.img')]);
  await copyIn('letter', 'first words');
  await rig.ok(['disk', 'add', 'win1/c', '--image', rig.path('disk.img')]);
  await rig.ok(['disk', 'scan', 'win1/c']);
  await rig.ok(['bookmark', 'win1', 'before']);
  await copyIn('letter', 'second words');
  await rig.ok(['disk', 'scan', 'win1/c']);
});
after(() => rig.close());

async function copyIn(name: string, text: string): Promise<void> {
  writeFileSync(rig.path('content'), text);
  await run('ntfscp', ['-f', rig.path('disk.img'), rig.path('content'), name]);
}

test('files of any time are there for every program, and leave no mount behind', async () => {
  const folder = rig.path('then');
  mkdirSync(folder);
  const mount = await rig.json<MountReport>(['files', 'mount', folder]);
  assert.equal(mount.folder, folder);
  assert.deepEqual((await readdir(`${folder}/win1`)).toSorted(), ['bookmarks', 'latest', 'times']);
  assert.equal(await readFile(`${folder}/win1/bookmarks/before/letter`, 'utf8'), 'first words');
  assert.equal(await readFile(`${folder}/win1/latest/letter`, 'utf8'), 'second words');
  assert.equal(await readFile(`${folder}/win1/times/now/LETTER`, 'utf8'), 'second words');
  const [day] = await readdir(`${folder}/win1/times`);
  const [hour] = await readdir(`${folder}/win1/times/${day}`);
  const seconds = await readdir(`${folder}/win1/times/${day}/${hour}`);
  assert(seconds.length >= 1);
  await readFile(`${folder}/win1/times/${day}/${hour}/${seconds[0]}/letter`);
  await assert.rejects(readdir(`${folder}/win1/times/never`), /ENOENT/);
  assert.match(await rig.ok(['status']), /files are mounted on/);
  assert.equal((await rig.failure(['files', 'mount', folder])).code, 'ALREADY_EXISTS');
  await rig.ok(['files', 'unmount', folder]);
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder));
});

test('what a killed server left mounted is gone when the next one serves', async () => {
  const folder = rig.path('left');
  mkdirSync(folder);
  await rig.ok(['files', 'mount', folder]);
  await server.end('SIGKILL');
  assert.match(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder));
  server = await rig.serve();
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder));
  assert.deepEqual(await readdir(folder), []);
});

test('the same over WebDAV, with the password that was shown', async () => {
  const share = await rig.json<OpenedShareReport>(['files', 'share', '--listen', '127.0.0.1:0']);
  const authorization = `Basic ${Buffer.from(`x:${share.password}`).toString('base64')}`;
  const url = `${share.url}win1/bookmarks/before/letter`;
  assert.equal(await (await fetch(url, { headers: { authorization } })).text(), 'first words');
  assert.equal((await fetch(url)).status, 401);
  const status = await rig.json<StatusReport>(['status']);
  assert.equal(status.shares[0]?.url, share.url);
  assert.doesNotMatch(JSON.stringify(status), new RegExp(share.password), 'told once only');
  await rig.ok(['files', 'unshare', share.listen]);
  await assert.rejects(fetch(url));
  assert.equal((await rig.failure(['files', 'share', '--listen', '0.0.0.0:0'])).code, 'USAGE');
});

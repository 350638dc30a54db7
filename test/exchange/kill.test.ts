import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandRig } from '../cli/command-rig.ts';

const agent = join(import.meta.dirname, '..', '..', 'bin', 'secondwind-agent');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}

test('server and agent are killed in the middle of a scan; the point equals the image', async (t) => {
  const rig = CommandRig.forTest(t);
  const address = `127.0.0.1:${await freePort()}`;
  const image = rig.path('image');
  writeFileSync(image, randomBytes(48 * 1024 * 1024));
  const children: ChildProcess[] = [];
  t.after(() => children.forEach((child) => child.kill('SIGKILL')));
  const start = (words: readonly string[]): ChildProcess => {
    const all = [...words, '--state', rig.path('agent')];
    const child = spawn(agent, all, { stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    return child;
  };
  const serve = () => rig.serve(['--listen-agents', address]);
  let server = await serve();
  const { code } = await rig.json<{ readonly code: string }>(['machine', 'enrol', 'web']);
  const enrolling = start(['enrol', '--server', address]);
  enrolling.stdin!.end(code);
  assert.deepEqual(await once(enrolling, 'exit'), [0, null]);
  const words = ['scan', `root=${image}`, '--rate', '16MiB'];
  let scanning = start(words);
  await wait(2_000);
  await server.end('SIGKILL');
  server = await serve();
  await wait(1_000);
  const killed = once(scanning, 'exit');
  scanning.kill('SIGKILL');
  await killed;
  scanning = start(words);
  assert.deepEqual(await once(scanning, 'exit'), [0, null]);
  await rig.ok(['restore', 'web/root', '--at', 'now', '--to', rig.path('restored')]);
  assert(readFileSync(rig.path('restored')).equals(readFileSync(image)));
  const [machine] = await rig.json<readonly { readonly agent: string }[]>(['machine', 'list']);
  assert.equal(machine?.agent, 'away');
  const [disk] = await rig.json<readonly { source?: string; state: string }[]>(['disk', 'list']);
  assert.deepEqual([disk?.source, disk?.state], ['agent', 'idle']);
  const told = execFileSync(agent, ['status', '--json', '--state', rig.path('agent')]).toString();
  assert.deepEqual(JSON.parse(told), { machine: 'web', server: address, waitingCount: 0 });
});

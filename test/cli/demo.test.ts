import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { program } from './disk-images.ts';

const root = join(import.meta.dirname, '..', '..');
const isRoot = process.getuid?.() === 0;

interface DemoRun {
  readonly code: number | null;
  readonly output: string;
  readonly folder: string;
}

/** Runs the demo; `interruptAt` ends it as Ctrl-C does, as soon as its output holds that text. */
async function runDemo(interruptAt?: RegExp): Promise<DemoRun> {
  const child = spawn(join(root, 'scripts', 'node'), [join(root, 'demo', 'demo.ts')]);
  let output = '';
  let isInterrupted = false;
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
    if (interruptAt?.test(output) !== true || isInterrupted) return;
    isInterrupted = true;
    child.kill('SIGINT');
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, output, folder: /in (\/\S+secondwind-demo-\w+)/.exec(output)?.[1] ?? '' };
}

async function assertNothingLeft(folder: string): Promise<void> {
  assert.notEqual(folder, '');
  assert.equal(existsSync(folder), false);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(folder), 'a mount is left');
  assert.ok(!(await program('/usr/sbin/losetup', ['-l'])).includes(folder), 'a loop is left');
  assert.ok(!(await program('ps', ['axww', '-o', 'args'])).includes(folder), 'a process is left');
}

test('the demo brings everything back, and leaves nothing behind', async () => {
  const { code, output, folder } = await runDemo();
  if (!isRoot) {
    assert.equal(code, 3);
    assert.match(output, /must run as root/);
    return;
  }
  assert.equal(code, 0, output);
  for (const words of [
    'byte for byte',
    'e2fsck is clean',
    'captured too',
    'any second from',
    'ratio',
  ]) {
    assert.ok(output.includes(words), `it did not say "${words}"`);
  }
  await assertNothingLeft(folder);
});

test('an interrupted demo undoes what it has done', async () => {
  const { code, folder } = await runDemo(/rewrite, rename and delete/);
  assert.equal(code, isRoot ? 130 : 3);
  if (isRoot) await assertNothingLeft(folder);
});

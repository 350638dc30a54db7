import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock as clock } from '../../src/base/system-clock.ts';
import { inspectTarget } from '../../src/recovery/restore/inspect-target.ts';
import { restoreDisk } from '../../src/recovery/restore/restore-disk.ts';
import { diskContent } from './disk-content.ts';
import { viewOf } from './memory-view.ts';
import { testFolder } from './test-folder.ts';

const { fresh } = testFolder();
const sizeBytes = 24 * 2 ** 20;
const child = fileURLToPath(import.meta.resolve('./restore-child.ts'));

/** Starts a restore in a process of its own and kills it some time after it began. */
async function killedRestore(path: string, seed: number, delayMs: number): Promise<void> {
  const args = [child, path, String(seed), String(sizeBytes)];
  const restoring = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const isGone = new Promise((resolve) => restoring.once('exit', resolve));
  await new Promise((resolve) => restoring.stdout.once('data', resolve));
  await wait(delayMs);
  restoring.kill('SIGKILL');
  await isGone;
}

for (const delayMs of [5, 15, 30, 60]) {
  test(`a restore killed after ${delayMs} ms is not mistaken for a disk, and finished by the next`, async () => {
    const wanted = diskContent(sizeBytes, delayMs);
    wanted.write('a head');
    const before = Buffer.alloc(sizeBytes, 7);
    const [made, existing] = [fresh(), fresh()];
    writeFileSync(existing, before);
    await Promise.all([made, existing].map((path) => killedRestore(path, delayMs, delayMs)));
    if (existsSync(made))
      assert.ok(readFileSync(made).subarray(4096).equals(wanted.subarray(4096)));
    const found = readFileSync(existing);
    const { unfinished } = await inspectTarget(existing);
    const isEither = found.equals(before) || found.subarray(4096).equals(wanted.subarray(4096));
    assert.ok(isEither || unfinished !== undefined, 'a mixture without a mark');
    for (const path of [made, existing]) {
      const view = viewOf(wanted);
      await restoreDisk({ view, target: { path }, mode: 'whole', evenIf: ['exists'], clock });
      assert.ok(readFileSync(path).equals(wanted));
      assert.ok(!existsSync(`${path}.incomplete`));
    }
  });
}

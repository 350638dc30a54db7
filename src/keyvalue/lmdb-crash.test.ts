import { strict as assert } from 'node:assert';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { numberedBatch, numberedRows, numberedTables } from '../testing/numbered-commits.ts';
import { openLmdbStore } from './lmdb-store.ts';

const program = fileURLToPath(new URL('../testing/store-process.ts', import.meta.url));
const sectorBytes = 512;

test('after kill -9 every resolved commit is there, and no part of another', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secondwind-kill-'));
  try {
    for (const commits of [1, 7, 20]) {
      const writer = spawn(process.execPath, [program, 'write', directory]);
      const acknowledged = await killAfter(writer, commits);
      const store = await openLmdbStore({ directory, tables: numberedTables });
      assert.equal(store.recovery, 'recovered');
      const found = numberedRows(store);
      assert.ok(found >= acknowledged, `${acknowledged} were resolved, ${found} are there`);
      await store.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a file that was cut after a crash is reported, and does not end the process', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secondwind-cut-'));
  try {
    const live = join(directory, 'live');
    await killAfter(spawn(process.execPath, [program, 'write', live]), 5);
    const content = await readFile(join(live, 'data.mdb'));
    const cuts = [0.1, 0.5, 0.9].map((share) => content.subarray(0, share * content.length));
    for (const found of await readAsAfterReboot(directory, cuts)) assert.match(found, /Damage/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

async function killAfter(writer: ChildProcess, commits: number): Promise<number> {
  let acknowledged = 0;
  let seen = 0;
  const exited = once(writer, 'exit');
  for await (const line of createInterface({ input: writer.stdout! })) {
    acknowledged = Number(line);
    if (++seen === commits) writer.kill('SIGKILL');
  }
  await exited;
  assert.ok(seen >= commits, 'the writer ended by itself');
  return acknowledged;
}

/**
 * What a power cut leaves of a file: of the sectors written since the last flush, any may be there or not. The binding
 * takes LMDB_RESTORE=safe to behave as after a reboot: trust only what was flushed.
 */
test('after a power cut with torn writes the last flushed commit is there, whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secondwind-power-'));
  const store = await openLmdbStore({ directory: join(directory, 'live'), tables: numberedTables });
  const file = join(directory, 'live', 'data.mdb');
  const seed = Number(process.env['SEED'] ?? process.hrtime.bigint() % 1_000_000n);
  const random = generator(seed);
  let torn = 0;
  try {
    for (let number = 1; torn < 6 && number < 60; number += 2) {
      await store.commit(numberedBatch(number));
      await store.flushed();
      const before = await readFile(file);
      const during = await copiesDuring(store.commit(numberedBatch(number + 1)), file);
      const found = await readAsAfterReboot(directory, during);
      const unflushed = during.filter((_, index) => found[index] === String(number)).slice(0, 3);
      const mixed = unflushed.map((copy) => mix(before, copy, random));
      for (const left of await readAsAfterReboot(directory, mixed)) {
        assert.equal(left, String(number), `seed ${seed}`);
      }
      torn += mixed.length;
    }
    assert.ok(torn > 0, 'no copy was taken between a write and its flush');
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
});

async function copiesDuring(commit: Promise<void>, file: string): Promise<Buffer[]> {
  const copies: Buffer[] = [];
  const state = { isDone: false };
  const done = commit.then(() => {
    state.isDone = true;
  });
  while (!state.isDone && copies.length < 20) {
    const copy = await readFile(file);
    if (copies.at(-1)?.equals(copy) !== true) copies.push(copy);
    await nextTurn();
  }
  await done;
  return copies;
}

function mix(before: Buffer, after: Buffer, random: () => number): Buffer {
  const mixed = Buffer.alloc(Math.max(before.length, after.length));
  before.copy(mixed);
  const share = random();
  for (let at = 0; at < after.length; at += sectorBytes) {
    if (random() < share) after.copy(mixed, at, at, at + sectorBytes);
  }
  return mixed;
}

/** In a process of its own: a broken file may end it. */
async function readAsAfterReboot(directory: string, contents: Buffer[]): Promise<string[]> {
  if (contents.length === 0) return [];
  const copies: string[] = [];
  for (const [index, content] of contents.entries()) {
    const copy = join(directory, `copy-${index}`);
    await rm(copy, { recursive: true, force: true });
    await mkdir(copy);
    await writeFile(join(copy, 'data.mdb'), content);
    copies.push(copy);
  }
  const environment = { env: { ...process.env, LMDB_RESTORE: 'safe' } };
  const reader = promisify(execFile)(process.execPath, [program, 'read', ...copies], environment);
  const { stdout } = await reader.catch((error: unknown) => error as { stdout: string });
  const lines = stdout.trim().split('\n');
  return contents.map((_, index) => lines[index] ?? 'the reader crashed');
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

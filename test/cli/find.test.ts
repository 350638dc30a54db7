import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { NameReport, NamesReport } from '../../src/service/name-report.ts';
import { CommandRig } from './command-rig.ts';

const run = promisify(execFile);
const rig = new CommandRig();

interface Found {
  readonly names: readonly NameReport[];
  readonly report: NamesReport;
}

async function find(...words: readonly string[]): Promise<Found> {
  const text = await rig.ok(['files', 'find', ...words, '--json']);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    names: lines.flatMap(({ batch = [] }) => batch as NameReport[]),
    report: lines.at(-1)?.['result'] as NamesReport,
  };
}

const paths = ({ names }: Found): string[] => names.map(({ path }) => path).toSorted();

before(async () => {
  await rig.serve();
  mkdirSync(rig.path('tree/accounts/2026'), { recursive: true });
  for (const name of [
    'Invoice-2026-03.xlsx',
    'invoice-2025.xlsx',
    'note.txt',
    'Übersicht 2026.xlsx',
  ]) {
    writeFileSync(rig.path(`tree/accounts/2026/${name}`), name);
  }
  await run('mkfs.ext4', ['-q', '-F', '-d', rig.path('tree'), rig.path('disk.img'), '16m']);
  await rig.ok(['disk', 'add', 'files1/data', '--image', rig.path('disk.img')]);
  await rig.ok(['disk', 'scan', 'files1/data']);
});
after(() => rig.close());

test('nothing is found before names were read, and that is said', async () => {
  const { names, report } = await find('*');
  assert.deepEqual([names.length, report.indexed.length], [0, 0]);
  assert.match(await rig.ok(['files', 'find', '*']), /--refresh reads them now/);
});

test('names are found by any part, whatever the case', async () => {
  const all = await find('invoice*2026*.xlsx', '--refresh');
  assert.deepEqual(paths(all), ['/accounts/2026/Invoice-2026-03.xlsx']);
  assert.equal(all.names[0]?.where, 'files1/data');
  assert.equal(all.names[0]?.sizeBytes, 20);
  assert.equal(all.report.indexed.length, 1);
  assert.equal(paths(await find('*.XLSX')).length, 3);
  assert.deepEqual(paths(await find('üBER*')), ['/accounts/2026/Übersicht 2026.xlsx']);
  assert.deepEqual(paths(await find('n?te.t[xyz]t')), ['/accounts/2026/note.txt']);
  assert.deepEqual(paths(await find('26')), [], 'a pattern is for the whole name');
  assert.equal((await find('*', '--machine', 'other*')).names.length, 0);
  const { names, report } = await find('*.xlsx', '--limit', '2');
  assert.deepEqual([names.length, report.isMore], [2, true]);
});

test('a file that was removed is found in the time when it was there', async () => {
  await run('mount', [rig.path('disk.img'), rig.path('tree')]);
  try {
    rmSync(rig.path('tree/accounts/2026/note.txt'));
    writeFileSync(rig.path('tree/fresh.txt'), 'new words');
  } finally {
    await run('umount', [rig.path('tree')]);
  }
  await rig.ok(['disk', 'scan', 'files1/data']);
  const { names } = await find('*.txt', '--refresh');
  const note = names.find(({ path }) => path.endsWith('note.txt'))!;
  const fresh = names.find(({ path }) => path === '/fresh.txt')!;
  assert(note.until !== undefined && note.from < note.until, 'it is gone');
  assert.equal(fresh.until, undefined);
  assert.equal(fresh.from, note.until);
  const now = await find('*.txt', '--between', fresh.from, fresh.from);
  assert.deepEqual(paths(now), ['/fresh.txt']);
  const then = await find('*.txt', '--between', note.from, note.from);
  assert.deepEqual(paths(then), ['/accounts/2026/note.txt']);
});

test('the index tells nothing to whoever has no key', () => {
  const files = readdirSync(rig.dataFolder).filter((name) => name.startsWith('names.sqlite'));
  assert(files.length > 0);
  for (const file of files) {
    const bytes = readFileSync(`${rig.dataFolder}/${file}`);
    for (const word of ['nvoice', 'accounts', 'note', 'xlsx'])
      assert.equal(bytes.includes(word), false, word);
  }
});

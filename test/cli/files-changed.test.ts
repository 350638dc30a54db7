import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FileChangeReport } from '../../src/service/change-report.ts';
import { DiskImage } from '../filesystem/disk-image.ts';
import { CommandRig } from './command-rig.ts';

const rig = new CommandRig();
let image: DiskImage;
const span = ['--from', 'bookmark:before', '--to', 'bookmark:after'];

before(async () => {
  image = await DiskImage.make(32 * 2 ** 20, ['mkfs.ext4', '-q', '-F']);
  await image.mounted([], grow);
  await rig.serve();
  await rig.ok(['disk', 'add', 'db1/root', '--image', image.path]);
  await rig.ok(['disk', 'scan', 'db1/root']);
  await rig.ok(['bookmark', 'db1', 'before']);
  await image.mounted([], change);
  await rig.ok(['disk', 'scan', 'db1/root']);
  await rig.ok(['bookmark', 'db1', 'after']);
});
after(async () => {
  await rig.close();
  await image[Symbol.asyncDispose]();
});

function grow(folder: string): void {
  for (const name of ['docs', 'moved', 'doomed']) mkdirSync(join(folder, name));
  const names = ['kept', 'written', 'renamed', 'linked', 'guarded', 'saved', 'gone', 'tagged'];
  for (const name of names) writeFileSync(join(folder, 'docs', name), `${name}\n`);
  writeFileSync(join(folder, 'moved', 'inside'), 'inside\n');
  writeFileSync(join(folder, 'doomed', 'inside'), 'inside\n');
}

function change(folder: string): void {
  const docs = join(folder, 'docs');
  writeFileSync(join(docs, 'written'), 'other\n');
  renameSync(join(docs, 'renamed'), join(folder, 'elsewhere'));
  linkSync(join(docs, 'linked'), join(docs, 'second'));
  chmodSync(join(docs, 'guarded'), 0o600);
  writeFileSync(join(docs, '.saved.new'), 'saved!\n');
  renameSync(join(docs, '.saved.new'), join(docs, 'saved'));
  rmSync(join(docs, 'gone'));
  execFileSync('setfattr', ['-n', 'user.tag', '-v', 'x', join(docs, 'tagged')]);
  symlinkSync('kept', join(docs, 'up\u001b[2J'));
  renameSync(join(folder, 'moved'), join(docs, 'moved'));
  rmSync(join(folder, 'doomed'), { recursive: true });
}

/** What is told of a path, as lines. */
async function told(words: readonly string[]): Promise<string[]> {
  const text = await rig.ok(['files', 'changed', ...words, '--json']);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { batch?: unknown });
  const changes = lines.flatMap(({ batch }) => (batch ?? []) as FileChangeReport[]);
  return changes.map(lineOf).toSorted();
}

function lineOf({ change: what, path, previousPath }: FileChangeReport): string {
  return `${what} ${previousPath === undefined ? '' : `${previousPath} -> `}${path}`;
}

const inDocs = [
  'changed /docs/guarded',
  'changed /docs/saved',
  'changed /docs/tagged',
  'changed /docs/written',
  'created /docs/second',
  'created /docs/up\u001b[2J',
  'deleted /docs/gone',
  'renamed /docs/renamed -> /elsewhere',
  'renamed /moved -> /docs/moved',
];
const doomed = ['deleted /doomed', 'deleted /doomed/inside'];

test('every change that the kernel made is told, and nothing else', async () => {
  assert.deepEqual(await told(['db1', ...span]), [...inDocs, ...doomed].toSorted());
});

test('a path leaves out what lies elsewhere, and knows what came and left', async () => {
  assert.deepEqual(await told(['db1/root', '/docs', ...span]), inDocs);
  assert.deepEqual(await told(['db1', '/docs/renamed', ...span]), [
    'renamed /docs/renamed -> /elsewhere',
  ]);
});

test('people get a table in order of the paths, without control characters', async () => {
  const text = await rig.ok(['files', 'changed', 'db1', '/docs', ...span]);
  assert.match(text, /^created +link .* \/docs\/up\\x1b\[2J$/m);
  assert.match(text, /^renamed +8 bytes .* \/docs\/renamed -> \/elsewhere$/m);
  assert(text.indexOf('/docs/guarded') < text.indexOf('/docs/written'));
  assert.match(text, /^9 changes in db1:\/docs between .* and /m);
});

test('between a moment and itself nothing changed', async () => {
  const text = await rig.ok(['files', 'changed', 'db1', '--from', 'now', '--to', 'now']);
  assert.match(text, /^0 changes in db1:\/ between/);
});

test('what cannot be compared is refused', async () => {
  const refusals = [
    [['/nothing', ...span], 'NO_SUCH_FILE', 3],
    [['--from', 'bookmark:after', '--to', 'bookmark:before'], 'USAGE', 2],
    [['--from', '2001-01-01', '--to', 'now'], 'NO_POINT_YET', 10],
  ] as const;
  for (const [words, code, exitCode] of refusals) {
    const failure = await rig.failure(['files', 'changed', 'db1', ...words]);
    assert.deepEqual([failure.code, failure.exitCode], [code, exitCode], words.join(' '));
  }
});

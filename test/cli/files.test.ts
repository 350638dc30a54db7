import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import type { VersionsReport } from '../../src/service/version-report.ts';
import { compareTrees } from '../filesystem/compare-trees.ts';
import { DiskImage } from '../filesystem/disk-image.ts';
import { growTree, unixAbilities } from '../filesystem/random-tree.ts';
import { CommandRig } from './command-rig.ts';

const rig = new CommandRig();
const seed = randomInt(2 ** 32);
let image: DiskImage;

before(async () => {
  image = await DiskImage.make(64 * 2 ** 20, ['mkfs.ext4', '-q', '-F']);
  await image.mounted([], (folder) => {
    const size = { files: 150, directories: 20, contentBytesMax: 1_500_000 };
    growTree(seededRandom(seed), folder, unixAbilities, size);
    mkdirSync(join(folder, 'docs'));
    writeFileSync(join(folder, 'docs', 'note.txt'), 'as it was\n');
    writeFileSync(join(folder, 'docs', 'gpj\u202eexe\u001b[2J'), 'hostile');
  });
  await rig.serve();
  await rig.ok(['disk', 'add', 'db1/root', '--image', image.path]);
  await rig.ok(['disk', 'scan', 'db1/root']);
  await rig.ok(['bookmark', 'db1', 'before']);
});
after(async () => {
  await rig.close();
  await image[Symbol.asyncDispose]();
});

test('a copy is the file system itself, as far as a folder can hold it', async () => {
  const words = ['files', 'copy', 'db1', '/', '--at', 'bookmark:before', '--to', 'out', '--verify'];
  const report = await rig.json<{ readonly failureCount: number; readonly losses: unknown[] }>(
    words,
  );
  assert.equal(report.failureCount, 0, `seed ${seed}`);
  await image.read(async (fileSystem) => {
    const counts = await compareTrees(fileSystem, rig.path('out'), { skipsDirectorySizes: true });
    assert(counts.files > 50, `seed ${seed}`);
    assert.deepEqual(report.losses, [], `seed ${seed}`);
  });
  const again = await rig.json<{ copiedCount: number; keptCount: number }>(words.slice(0, -1));
  assert.equal(again.copiedCount, 0);
  assert(again.keptCount > 150);
});

test('a tar archive holds the same, with attributes and fractions of seconds', async () => {
  const words = ['files', 'copy', 'db1', '/*', '--at', 'bookmark:before', '--tar', 'out.tar'];
  await rig.ok(words);
  mkdirSync(rig.path('untarred'));
  const unpack = [
    '-x',
    '-P',
    '--delay-directory-restore',
    '--xattrs',
    '--xattrs-include=*',
    '-p',
    '--numeric-owner',
    '--warning=none',
  ];
  execFileSync('tar', [...unpack, '-C', rig.path('untarred'), '-f', rig.path('out.tar')]);
  await image.read(async (fileSystem) => {
    // The root of the disk itself is not in an archive of what it holds.
    const root = await fileSystem.status(fileSystem.root);
    execFileSync('chmod', [(root.mode ?? 0).toString(8), rig.path('untarred')]);
    const seconds = (root.modifiedMicros / 1_000_000).toFixed(6);
    execFileSync('touch', ['-m', '-d', `@${seconds}`, rig.path('untarred')]);
    await compareTrees(fileSystem, rig.path('untarred'), { skipsDirectorySizes: true });
  });
  const there = await rig.failure(words);
  assert.equal(there.code, 'ALREADY_EXISTS');
});

test('a zip archive holds names and contents', async () => {
  await rig.ok(['files', 'copy', 'db1', '/docs', '--at', 'bookmark:before', '--zip', 'out.zip']);
  const script =
    'import zipfile; z = zipfile.ZipFile("out.zip"); print(z.testzip(), z.read("docs/note.txt"))';
  const told = execFileSync('/usr/bin/python3', ['-I', '-S', '-c', script], {
    cwd: rig.folder,
    encoding: 'utf8',
  });
  assert.equal(told, "None b'as it was\\n'\n");
});

test('a listing shows odd names so that they do no harm', async () => {
  const text = await rig.ok(['files', 'list', 'db1', '/docs', '--at', 'bookmark:before']);
  assert.match(text, /gpj\\u\{202e\}exe\\x1b\[2J/);
  assert.match(text, /^-rw-r--r-- +0:0 +10 bytes .* note\.txt$/m);
  assert.match(text, /2 entries in db1:\/docs as it stood at/);
});

test('a file is written to standard output, byte for byte', async () => {
  const words = ['files', 'cat', 'db1/root', '/docs/note.txt', '--at', 'bookmark:before'];
  assert.equal(await rig.ok(words), 'as it was\n');
});

test('what is not there is told, with the exit code for it', async () => {
  const at = ['--at', 'bookmark:before'];
  const refusals = [
    [['list', 'db1', '/nothing'], 'NO_SUCH_FILE', 3],
    [['list', 'db1/root/7', '/'], 'NOT_FOUND', 3],
    [['cat', 'db1', '/docs'], 'NOT_A_FILE', 3],
    [['copy', 'db1', '/docs'], 'USAGE', 2],
  ] as const;
  for (const [words, code, exitCode] of refusals) {
    const failure = await rig.failure(['files', ...words, ...at]);
    assert.deepEqual([failure.code, failure.exitCode], [code, exitCode], words.join(' '));
  }
});

test('a copy keeps what it finds, and says so', async () => {
  const words = [
    'files',
    'copy',
    'db1',
    '/docs/note.txt',
    '--at',
    'bookmark:before',
    '--to',
    'mine',
  ];
  mkdirSync(rig.path('mine'));
  writeFileSync(rig.path('mine/note.txt'), 'mine');
  const refused = await rig.run(words);
  assert.equal(refused.code, 8);
  assert.match(refused.stdout, /not copied: note\.txt: Refused for safety: .* there already/);
  await rig.ok([...words, '--replace']);
  assert.equal(readFileSync(rig.path('mine/note.txt'), 'utf8'), 'as it was\n');
  const all = ['files', 'copy', 'db1', '/', '--at', 'bookmark:before', '--to', 'all', '--json'];
  const told = (await rig.run(all)).stdout.match(/"done":(\d+),"total":(\d+),"unit":"bytes"/);
  const [done, total] = [Number(told?.[1]), Number(told?.[2])];
  assert.ok(done > 0 && done < total, `while it copies it tells how far it is: ${told?.[0]}`);
});

test('the same files come out of many machines', async () => {
  const time = (await rig.json<{ time: string }>(['bookmark', 'db1', 'event'])).time;
  const words = [
    '--machines',
    'd*1',
    '--just-before',
    time,
    '--paths',
    '/docs/note.txt',
    '--to',
    'many',
  ];
  await rig.ok(['files', 'collect', ...words]);
  assert.equal(readFileSync(rig.path('many/db1/note.txt'), 'utf8'), 'as it was\n');
  const none = await rig.failure(['files', 'collect', '--machines', 'x*', ...words.slice(2)]);
  assert.equal(none.code, 'NOT_FOUND');
});

test('every version of a file is found, and can be had again', async () => {
  await image.mounted([], (folder) =>
    writeFileSync(join(folder, 'docs', 'note.txt'), 'changed!\n'),
  );
  await rig.ok(['disk', 'scan', 'db1/root']);
  await image.mounted([], (folder) => rmSync(join(folder, 'docs', 'note.txt')));
  await rig.ok(['disk', 'scan', 'db1/root']);
  const words = ['db1', '/docs/note.txt'];
  const { versions } = await rig.json<VersionsReport>(['files', 'versions', ...words]);
  const told = versions.map(({ number, sizeBytes, contentChange }) => [
    number,
    sizeBytes,
    contentChange,
  ]);
  assert.deepEqual(told, [
    [1, 9, 'yes'],
    [2, 10, 'first'],
  ]);
  assert(versions[0]!.until !== undefined, 'it is gone now');
  await rig.ok(['files', 'copy', ...words, '--version', '2', '--to', 'second']);
  assert.equal(readFileSync(rig.path('second/note.txt'), 'utf8'), 'as it was\n');
});

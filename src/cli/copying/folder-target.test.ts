import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { CopiedFile } from '../../service/copy-report.ts';
import { CopyTally } from './copy-tally.ts';
import { FolderTarget } from './folder-target.ts';

const evil = Buffer.from('evil');

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sw-target-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function targetIn(folder: string, isReplacing = false): { target: FolderTarget; tally: CopyTally } {
  const tally = new CopyTally();
  const target = new FolderTarget({
    ...{ folder, isReplacing, tally },
    isVerified: false,
    isPrivileged: false,
    system: 'posix',
    runProgram: async () => ({ exitCode: 0, outputText: '', errorText: '', isMissing: false }),
  });
  return { target, tally };
}

function file(components: readonly string[], facts: Partial<CopiedFile> = {}): CopiedFile {
  const sizes = { sizeBytes: evil.length, linkCount: 1, modifiedMicros: 1_700_000_000_123_456 };
  return {
    components,
    kind: 'file',
    volume: 'sda',
    id: components.join('|'),
    mode: 0o640,
    ...sizes,
    ...facts,
  };
}

async function put(target: FolderTarget, tally: CopyTally, each: CopiedFile): Promise<void> {
  try {
    const opened = await target.take(each);
    await opened?.write(evil, 0);
    await opened?.finish(each.sizeBytes);
  } catch (error) {
    tally.fail(each.components, error);
  }
}

/** Every path below a folder with what it is; links are not followed. */
function contentOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const status = lstatSync(path);
    return `${path} ${status.mode} ${status.isFile() ? readFileSync(path, 'latin1') : ''}`;
  });
}

test('hostile names and links never lead out of the target folder', async () => {
  const names = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '/etc',
      '../x',
      'a/../../x',
      'a',
      'b',
      'link',
      '\0',
      'x\0y',
      'CON',
      '\udc2f\udc80',
      '\u202e',
    ),
    fc.string({ maxLength: 6 }),
  );
  const facts = fc.record({
    kind: fc.constantFrom<CopiedFile['kind']>('file', 'file', 'directory', 'link', 'link', 'other'),
    target: fc.constantFrom(
      '..',
      '../outside',
      '/tmp',
      '../outside/canary',
      'a',
      'b',
      '../../outside',
    ),
    linkCount: fc.constantFrom(1, 1, 2),
    id: fc.constantFrom('1', '2', '3'),
  });
  const components = fc.array(names, { minLength: 1, maxLength: 4 });
  const files = fc.array(fc.tuple(components, facts), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(files, fc.boolean(), async (entries, isReplacing) => {
      const above = mkdtempSync(join(tmpdir(), 'sw-hostile-'));
      try {
        for (const name of ['outside', 'target']) mkdirSync(join(above, name));
        writeFileSync(join(above, 'outside', 'canary'), 'alive');
        const { target, tally } = targetIn(join(above, 'target'), isReplacing);
        for (const [path, rest] of entries) await put(target, tally, file(path, rest));
        await target.finish();
        assert.deepEqual(readdirSync(above).toSorted(), ['outside', 'target']);
        assert.deepEqual(
          contentOf(join(above, 'outside')).map((line) => line.split(' ')[2]),
          ['alive'],
        );
        const left = ['target', '-name', '.secondwind-partial*'];
        assert.equal(execFileSync('find', left, { cwd: above }).length, 0);
      } finally {
        rmSync(above, { recursive: true, force: true });
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 40) },
  );
});

test('nothing is written through a link that stands in the way', async (t) => {
  const folder = folderFor(t);
  mkdirSync(join(folder, 'outside'));
  mkdirSync(join(folder, 'target'));
  symlinkSync('../outside', join(folder, 'target', 'etc'));
  symlinkSync('../outside/file', join(folder, 'target', 'file'));
  const { target, tally } = targetIn(join(folder, 'target'), true);
  await put(target, tally, file(['etc'], { kind: 'directory' }));
  await put(target, tally, file(['etc', 'passwd']));
  await put(target, tally, file(['file']));
  await target.finish();
  assert.equal(tally.failureCount, 2);
  assert.deepEqual(readdirSync(join(folder, 'outside')), []);
  assert.ok(lstatSync(join(folder, 'target', 'file')).isFile(), 'the link itself was replaced');
});

test('a second run keeps what is whole, and refuses what is another file', async (t) => {
  const folder = folderFor(t);
  const files = [
    file(['a'], { kind: 'directory', mode: 0o750 }),
    file(['a', 'one']),
    file(['a', 'link'], { kind: 'link', target: 'one' }),
    file(['a', 'two'], { linkCount: 2, id: 'two' }),
    file(['a', 'three'], { linkCount: 2, id: 'two' }),
  ];
  const first = targetIn(folder);
  for (const each of files) await put(first.target, first.tally, each);
  await first.target.finish();
  assert.deepEqual([first.tally.copiedCount, first.tally.failureCount], [5, 0]);
  const status = lstatSync(join(folder, 'a', 'one'));
  assert.equal(status.mode & 0o7777, 0o640);
  assert.ok(Math.abs(status.mtimeMs - 1_700_000_000_123.456) < 0.01);
  assert.equal(lstatSync(join(folder, 'a', 'two')).ino, lstatSync(join(folder, 'a', 'three')).ino);

  const again = targetIn(folder);
  for (const each of files) await put(again.target, again.tally, each);
  assert.deepEqual([again.tally.copiedCount, again.tally.keptCount], [0, 5]);

  writeFileSync(join(folder, 'a', 'one'), 'mine');
  const third = targetIn(folder);
  await put(third.target, third.tally, files[1]!);
  assert.match(third.tally.failures[0]!.reason, /there already/);
  assert.equal(readFileSync(join(folder, 'a', 'one'), 'utf8'), 'mine');
});

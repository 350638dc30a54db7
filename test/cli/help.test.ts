import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorTable } from '../../src/base/error-table.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { allCommands, commandDocs, helpOf } from './command-docs.ts';
import { CommandRig } from './command-rig.ts';

test('every command has examples and exit codes in its help', () => {
  const commands = allCommands();
  assert.ok(commands.length >= 25);
  for (const [words, command] of commands) {
    const help = helpOf(command);
    assert.match(
      help,
      new RegExp(`Examples:\n  \\$ secondwind ${words}`),
      `${words} has no examples`,
    );
    assert.match(help, /Exit codes:\n {2}0 +done/, `${words} has no exit codes`);
    assert.match(help, /--json/, `${words} does not take --json`);
    assert.match(help, /--data/, `${words} does not take --data`);
  }
});

test('the command words are those that were agreed on', () => {
  const words = allCommands().map(([name]) => name);
  const agreed =
    'serve status stats timeline bookmark restore open close diff analyse verify check rebuild ' +
    'disk_add disk_scan disk_exclude disk_list disk_pause disk_resume disk_remove key_add key_remove key_list machine_protect machine_list machine_unprotect machine_enrol machine_revoke machine_link machine_unlink ' +
    'files_list files_cat files_copy files_collect files_versions files_changed files_find files_mount files_unmount files_share files_unshare ' +
    'debug_segment debug_commit debug_region debug_chunk';
  assert.deepEqual(
    words.toSorted(),
    agreed
      .split(' ')
      .map((word) => word.replace('_', ' '))
      .toSorted(),
  );
});

test('docs/commands.md is what the help says', () => {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'commands.md');
  if (process.env['WRITE_DOCS'] !== undefined) writeFileSync(file, commandDocs());
  assert.equal(readFileSync(file, 'utf8'), commandDocs(), 'write it as its first lines say');
});

test('every exit code of the error table is explained', () => {
  const used = new Set<number>(Object.values(errorTable).map((row) => row.exitCode));
  for (const code of used) assert.ok(exitCodes[code] !== undefined, `exit code ${code}`);
});

test('help, version and usage errors need no server', async (t) => {
  const rig = CommandRig.forTest(t);
  const help = await rig.run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Every disk as it stood at any second/);
  assert.match(await rig.ok(['help', 'exit-codes']), /130 +interrupted +INTERRUPTED/);
  assert.match(await rig.ok(['help', 'restore']), /--in-place/);
  assert.equal(await rig.ok(['help', 'disk', 'add']), await rig.ok(['disk', 'add', '--help']));
  assert.match(await rig.ok(['--version']), /^\d+\.\d+\.\d+\n$/);

  const misspelt = await rig.run(['statsu']);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.stderr, /Did you mean/);
  for (const words of [
    [],
    ['disk'],
    ['restore'],
    ['status', 'too', 'much'],
    ['disk', 'add', '--wrong'],
  ]) {
    const failure = await rig.failure(words);
    assert.equal(failure.code, 'USAGE', words.join(' '));
    assert.equal(failure.exitCode, 2);
  }
});

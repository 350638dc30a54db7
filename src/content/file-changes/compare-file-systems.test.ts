import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { integerBelow, type Random, seededRandom } from '../../base/random.ts';
import type { FileSystem } from '../../filesystem/file-system.ts';
import { MemoryFileSystem } from '../../testing/memory-file-system.ts';
import { pathText } from '../path-text.ts';
import { compareFileSystems, type PathChange } from './compare-file-systems.ts';

const bytes = Buffer.from('content');
const top = '1';

/** The same at every moment, until a test changes it. */
function grown(): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.addPath('etc/passwd', { kind: 'file', content: bytes });
  fileSystem.addPath('etc/hosts', { kind: 'file', content: bytes });
  fileSystem.addPath('home/ada/notes', { kind: 'file', content: bytes });
  return fileSystem;
}
const [etc, passwd, hosts, home, ada, notes] = ['2', '3', '4', '5', '6', '7'] as const;

async function changesOf(earlier: FileSystem, later: FileSystem): Promise<PathChange[]> {
  const side = (fileSystem: FileSystem): Parameters<typeof compareFileSystems>[0] => ({
    fileSystem,
    onFinding: () => assert.fail('nothing is damaged'),
  });
  const watch = { onNames: () => undefined, signal: new AbortController().signal };
  return Array.fromAsync(compareFileSystems(side(earlier), side(later), watch));
}

/** What happened, as lines. */
async function told(change: (later: MemoryFileSystem) => void): Promise<string[]> {
  const later = grown();
  change(later);
  const changes = await changesOf(grown(), later);
  return changes.map(lineOf).toSorted();
}

function lineOf({ change, path, previousPath, isChanged }: PathChange): string {
  const before = previousPath === undefined ? '' : `${pathText(previousPath)} -> `;
  return `${change}${isChanged === true ? ' and changed' : ''} ${before}${pathText(path)}`;
}

function rename(fileSystem: MemoryFileSystem, id: string, places: readonly string[]): void {
  const [from, name, to, newName] = places as [string, string, string, string];
  fileSystem.remove(from, name);
  fileSystem.link(to, newName, id);
}

test('nothing is told of what did not change', async () => {
  assert.deepEqual(await told(() => undefined), []);
});

test('each kind of change is told by its name', async () => {
  const cases: readonly (readonly [string[], (later: MemoryFileSystem) => void])[] = [
    [['created /etc/new'], (later) => later.addPath('etc/new', { kind: 'file' })],
    [['deleted /etc/hosts'], (later) => later.remove(etc, 'hosts')],
    [['changed /etc/hosts'], (later) => later.change(hosts, { content: Buffer.alloc(1) })],
    [['changed /etc/hosts'], (later) => later.change(hosts, { modifiedMicros: 5 })],
    [['changed /etc/hosts'], (later) => later.change(hosts, { changedMicros: 5 })],
    [['changed /etc/hosts'], (later) => later.change(hosts, { mode: 0o600 })],
    [['changed /etc'], (later) => later.change(etc, { uid: 5 })],
    [[], (later) => later.change(etc, { modifiedMicros: 5, changedMicros: 5 })],
    [['changed /etc'], (later) => later.change(etc, { changedMicros: 5 })],
  ];
  for (const [expected, change] of cases) assert.deepEqual(await told(change), expected);
});

test('a file is known again under another name, and in another directory', async () => {
  const moved = await told((later) => {
    rename(later, hosts, [etc, 'hosts', ada, 'names']);
    later.change(hosts, { changedMicros: 5 });
    rename(later, passwd, [etc, 'passwd', etc, 'users']);
    later.change(passwd, { content: Buffer.alloc(9) });
  });
  assert.deepEqual(moved, [
    'renamed /etc/hosts -> /home/ada/names',
    'renamed and changed /etc/passwd -> /etc/users',
  ]);
});

test('of a directory that was renamed only its name is told, of a deleted one all it held', async () => {
  const moved = await told((later) => {
    rename(later, ada, [home, 'ada', top, 'lovelace']);
    later.change(notes, { modifiedMicros: 5 });
    rename(later, hosts, [etc, 'hosts', ada, 'hosts']);
  });
  assert.deepEqual(moved, [
    'changed /lovelace/notes',
    'renamed /etc/hosts -> /lovelace/hosts',
    'renamed /home/ada -> /lovelace',
  ]);
  const gone = await told((later) => {
    later.remove(ada, 'notes');
    later.remove(home, 'ada');
  });
  assert.deepEqual(gone, ['deleted /home/ada', 'deleted /home/ada/notes']);
});

test('one more hard link is created, and the file itself did not change', async () => {
  const linked = await told((later) => {
    later.link(home, 'hosts', hosts);
    later.change(hosts, { changedMicros: 5 });
  });
  assert.deepEqual(linked, ['created /home/hosts']);
});

test('a file put in the place of another is that one, changed', async () => {
  const replaced = await told((later) => {
    later.remove(etc, 'hosts');
    later.addPath('etc/hosts', { kind: 'file', content: bytes });
  });
  assert.deepEqual(replaced, ['changed /etc/hosts']);
  const otherKind = await told((later) => {
    later.remove(etc, 'hosts');
    later.addPath('etc/hosts', { kind: 'directory' });
  });
  assert.deepEqual(otherKind, ['created /etc/hosts', 'deleted /etc/hosts']);
});

test('names that differ only in bytes that are no text differ', async () => {
  const earlier = new MemoryFileSystem();
  earlier.add(top, 'a\udc80', { kind: 'file' });
  const later = new MemoryFileSystem();
  later.add(top, 'a\udc81', { kind: 'file' });
  assert.deepEqual((await changesOf(earlier, later)).map(lineOf), ['renamed /a\udc80 -> /a\udc81']);
});

test('directories that hold each other do not make it endless', async () => {
  const later = grown();
  later.remove(home, 'ada');
  later.link(ada, 'ada', ada);
  later.add(ada, 'new', { kind: 'file' });
  assert.deepEqual(await changesOf(grown(), later), []);
});

test('the names of the earlier moment and what happened make those of the later one', async () => {
  const seed = randomInt(2 ** 32);
  const random = seededRandom(seed);
  for (let round = 0; round < 6; round += 1) {
    const [earlier, later] = [new MemoryFileSystem(), new MemoryFileSystem()];
    for (let number = 0; number < 600; number += 1) {
      for (const each of [earlier, later]) each.add(top, `f${number}`, { kind: 'file' });
    }
    for (let step = 0; step < 40; step += 1) await changeSomething(later, random, step);
    const names = new Set(await namesOf(earlier));
    const changes = await changesOf(earlier, later);
    for (const { change, path, previousPath } of changes) {
      if (change === 'deleted') names.delete(path[0]!);
      if (previousPath !== undefined) names.delete(previousPath[0]!);
    }
    for (const { change, path } of changes) if (change !== 'deleted') names.add(path[0]!);
    assert.deepEqual([...names].sort(), (await namesOf(later)).sort(), `seed ${seed}`);
  }
});

async function changeSomething(
  fileSystem: MemoryFileSystem,
  random: Random,
  step: number,
): Promise<void> {
  const names = await namesOf(fileSystem);
  const name = names[integerBelow(random, names.length)]!;
  const { id } = fileSystem.find(top, name)!;
  const kind = integerBelow(random, 5);
  if (kind === 0) fileSystem.add(top, `new${step}`, { kind: 'file' });
  if (kind === 1) fileSystem.link(top, `link${step}`, id);
  if (kind === 2) fileSystem.change(id, { modifiedMicros: step });
  if (kind >= 3) fileSystem.remove(top, name);
  if (kind === 4) fileSystem.link(top, `moved${step}`, id);
}

async function namesOf(fileSystem: MemoryFileSystem): Promise<string[]> {
  const listed = await Array.fromAsync(fileSystem.list(top));
  return listed.flat().map(({ name }) => name);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryFileSystem } from '../testing/memory-file-system.ts';
import { FileTree } from './file-tree.ts';
import { findMatches, isMatch } from './glob.ts';
import { pathText } from './path-text.ts';
import { walkTree } from './walk-tree.ts';

function treeOf(fileSystem: MemoryFileSystem): FileTree {
  const mounts = [{ path: [], fileSystem, volume: 'sda' }];
  return new FileTree({ name: 'db1', mounts, linksBeginAt: 'tree' });
}

test('names fit patterns as in a shell', () => {
  const fits = [
    'a*c abc',
    '* x',
    '?b* abc',
    '[a-c]x bx',
    '[!a-c]x dx',
    'a[]b]c a]c',
    'a**b ab',
    'a[ a[',
    '日* 日本',
  ];
  const misses = ['a*c abd', '? ab', '[a-c]x dx', '[!a-c]x bx', 'abc ab', '*x xy'];
  for (const [pairs, expected] of [
    [fits, true],
    [misses, false],
  ] as const) {
    for (const pair of pairs) {
      const [pattern = '', name = ''] = pair.split(' ');
      assert.equal(isMatch(name, pattern), expected, pair);
    }
  }
});

test('no pattern takes long', () => {
  assert.equal(isMatch('a'.repeat(2000), `${'a*'.repeat(100)}b`), false);
});

test('patterns find files in the whole tree, also through links on the way', async () => {
  const files = new MemoryFileSystem();
  const content = Buffer.from('x');
  for (const path of ['home/ada/a.odt', 'home/bob/b.odt', 'home/bob/deep/er/c.odt', 'odd[1].txt']) {
    files.addPath(path, { kind: 'file', content });
  }
  files.addPath('people', { kind: 'link', target: 'home' });
  files.addPath('dead', { kind: 'link', target: 'nowhere' });
  const tree = treeOf(files);
  const found = async (pattern: string): Promise<string[]> =>
    (await findMatches(tree, pattern)).map(({ path }) => pathText(path)).toSorted();
  assert.deepEqual(await found('/home/*/*.odt'), ['/home/ada/a.odt', '/home/bob/b.odt']);
  assert.deepEqual(await found('/p*/a*/*'), ['/home/ada/a.odt']);
  assert.deepEqual(await found('/odd[1].txt'), ['/odd[1].txt']);
  assert.deepEqual(await found('/home/**/c.odt'), ['/home/bob/deep/er/c.odt']);
  assert.deepEqual(await found('/d*'), ['/dead']);
  await assert.rejects(() => findMatches(tree, '/home/*.txt'), { code: 'NO_SUCH_FILE' });
});

test('a walk ends although directories hold themselves and each other many times', async () => {
  const files = new MemoryFileSystem();
  const first = files.addPath('a', { kind: 'directory' });
  files.link(first, 'self', first);
  files.link(first, 'root', files.root);
  let above = first;
  for (let depth = 0; depth < 40; depth += 1) {
    const below = files.add(above, 'left', { kind: 'directory' });
    files.link(above, 'right', below);
    above = below;
  }
  const tree = treeOf(files);
  const troubles: string[] = [];
  const onTrouble = (components: readonly string[]): void =>
    void troubles.push(components.join('/'));
  let count = 0;
  for await (const batch of walkTree(tree, await tree.root(), { onTrouble })) count += batch.length;
  assert.equal(count, 83);
  assert.equal(troubles.length, 42);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecondwindError } from '../base/errors.ts';
import { MemoryFileSystem } from '../testing/memory-file-system.ts';
import { FileTree } from './file-tree.ts';
import { pathText } from './path-text.ts';

const bytes = Buffer.from('content');

/** A machine with "/", "/home" and "/srv/data" on three file systems. */
function machine(): FileTree {
  const root = new MemoryFileSystem('root');
  root.addPath('etc/fstab', { kind: 'file', content: bytes });
  root.addPath('home/hidden', { kind: 'file', content: bytes });
  root.addPath('etc/up', { kind: 'link', target: '../../../../home/ada' });
  root.addPath('etc/absolute', { kind: 'link', target: '/home/ada/notes' });
  root.addPath('etc/circle', { kind: 'link', target: 'circle' });
  const home = new MemoryFileSystem('home');
  home.addPath('ada/notes', { kind: 'file', content: bytes });
  home.addPath('ada/back', { kind: 'link', target: '../../etc/fstab' });
  const data = new MemoryFileSystem('data');
  data.addPath('big', { kind: 'file', content: bytes });
  const mounts = [
    { path: [], fileSystem: root, volume: 'sda/1' },
    { path: ['home'], fileSystem: home, volume: 'sda/2' },
    { path: ['srv', 'data'], fileSystem: data, volume: 'vg/data' },
  ];
  return new FileTree({ name: 'db1', mounts, linksBeginAt: 'tree' });
}

async function led(tree: FileTree, path: string): Promise<string> {
  const place = await tree.resolve(path);
  return `${place.mount?.volume ?? 'nothing'} ${pathText(place.path)}`;
}

async function names(tree: FileTree, path: string): Promise<string[]> {
  const batches = await Array.fromAsync(tree.list(await tree.resolve(path)));
  return batches
    .flat()
    .map(({ name }) => name)
    .toSorted();
}

test('paths lead through mounts and links, and never above the root', async () => {
  const tree = machine();
  assert.equal(await led(tree, '/'), 'sda/1 /');
  assert.equal(await led(tree, 'etc//./fstab'), 'sda/1 /etc/fstab');
  assert.equal(await led(tree, '/home/ada/notes'), 'sda/2 /home/ada/notes');
  assert.equal(await led(tree, '/etc/up/notes'), 'sda/2 /home/ada/notes');
  assert.equal(await led(tree, '/etc/absolute'), 'sda/2 /home/ada/notes');
  assert.equal(await led(tree, '/home/ada/back'), 'sda/1 /etc/fstab');
  assert.equal(await led(tree, '../../../etc/fstab'), 'sda/1 /etc/fstab');
  assert.equal(await led(tree, '/srv/data/big'), 'vg/data /srv/data/big');
});

test('an absolute link may begin at the root of its own file system', async () => {
  const alone = new MemoryFileSystem();
  alone.addPath('a/link', { kind: 'link', target: '/b' });
  alone.addPath('b', { kind: 'file', content: bytes });
  const mounts = [
    { path: ['sda', '1'], fileSystem: alone, volume: 'sda/1' },
    { path: ['sda', '2'], fileSystem: new MemoryFileSystem(), volume: 'sda/2' },
  ];
  const disk = new FileTree({ name: 'db1', mounts, linksBeginAt: 'mount' });
  assert.equal(await led(disk, '/sda/1/a/link'), 'sda/1 /sda/1/b');
  assert.deepEqual(await names(disk, '/'), ['sda']);
  assert.deepEqual(await names(disk, '/sda'), ['1', '2']);
});

test('a listing shows what is mounted instead of what lies below it', async () => {
  const tree = machine();
  assert.deepEqual(await names(tree, '/'), ['etc', 'home', 'srv']);
  assert.deepEqual(await names(tree, '/home'), ['ada']);
  assert.deepEqual(await names(tree, '/srv'), ['data']);
});

test('drive letters are read as Windows writes them', async () => {
  const files = new MemoryFileSystem();
  files.addPath('Users/ada/a.txt', { kind: 'file', content: bytes });
  files.addPath('Documents', { kind: 'link', target: '\\??\\c:\\Users\\ada' });
  const mounts = [{ path: ['C:'], fileSystem: files, volume: 'sda/2' }];
  const tree = new FileTree({ name: 'win1', mounts, linksBeginAt: 'tree' });
  assert.equal(await led(tree, 'c:\\Users\\ada\\a.txt'), 'sda/2 /C:/Users/ada/a.txt');
  assert.equal(await led(tree, 'C:/Documents/a.txt'), 'sda/2 /C:/Users/ada/a.txt');
});

test('what cannot be found is told by its path', async () => {
  const tree = machine();
  const refusals = [
    ['/etc/nothing', 'NO_SUCH_FILE'],
    ['/home/hidden', 'NO_SUCH_FILE'],
    ['/etc/fstab/below', 'NOT_A_DIRECTORY'],
    ['/etc/circle', 'CANNOT_LOOK_INSIDE'],
    ['/srv/nothing', 'NO_SUCH_FILE'],
  ] as const;
  for (const [path, code] of refusals) {
    await assert.rejects(
      () => tree.resolve(path),
      (error) => isSecondwindError(error, code) && error.message.includes(path),
      path,
    );
  }
  const link = await tree.resolve('/etc/circle', { isLinkWanted: true });
  assert.equal(link.status.kind, 'link');
});

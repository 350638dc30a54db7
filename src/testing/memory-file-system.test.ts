import { test } from 'node:test';
import { assertFileSystemConforms } from './file-system-conformance.ts';
import { MemoryFileSystem } from './memory-file-system.ts';

test('the memory file system keeps the promises of its interface', async () => {
  const fileSystem = new MemoryFileSystem();
  const id = fileSystem.addPath('a/b/file', { kind: 'file', content: Buffer.from('some content') });
  fileSystem.link(fileSystem.root, 'second name', id);
  fileSystem.addPath('a/link', { kind: 'link', target: 'b/file' });
  const { volumeBytes } = fileSystem;
  await assertFileSystemConforms({ fileSystem, volumeBytes, unknownId: '9999' });
});

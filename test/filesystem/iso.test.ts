import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { utcEnvironment } from './fat-image.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const mebi = 2 ** 20;
const seed = Number(process.env['SEED'] ?? 20261125);
const comparison = {
  skipsLinkCounts: true,
  skipsDirectorySizes: true,
  timeStepMicros: 1_000_000,
  attributePrefixes: [],
};

/** A folder to be written to a disc. */
class Source implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'secondwind-disc-'));

  /** Writes a file, and the folders it lies in. */
  write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** The disc that a program makes of the folder. */
  disc(program: string, ...words: readonly string[]): Promise<DiskImage> {
    const line = `exec ${[program, ...words].join(' ')} -o "$1" '${this.folder}' 2>/dev/null`;
    return DiskImage.make(0, ['sh', '-c', line, 'sh']);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test(`a disc with Rock Ridge reads as what was written to it (seed ${seed})`, async () => {
  using source = new Source();
  const abilities = { ...unixAbilities, hasAttributes: false, hasAcls: false };
  const size = { files: 120, directories: 15, contentBytesMax: 200_000 };
  growTree(seededRandom(seed), source.folder, abilities, size);
  // A slash at the end of a target is no component, so Rock Ridge cannot keep it.
  const shorten = 'ln -sfn "$(readlink "$1" | sed "s:/*$::")" "$1"';
  const line = `find . -type l -lname '*/' -exec bash -c '${shorten}' _ {} \\; ; find . -type d -exec touch -d 2005-06-07 {} +`;
  execFileSync('bash', ['-c', line], { cwd: source.folder, env: utcEnvironment });
  await using image = await source.disc('xorriso', '-as', 'mkisofs', '-R', '-J', '-V', 'A_LABEL');
  await image.read(async (fileSystem) => {
    assert.equal(fileSystem.summary.label, 'A_LABEL');
    assert.match(fileSystem.summary.notes.join(), /Rock Ridge/);
    const counts = await compareTrees(fileSystem, source.folder, comparison);
    assert(counts.links > 0 && counts.others > 0 && counts.files > 50);
    const volumeBytes = fileSystem.summary.sizeBytes + mebi;
    await assertFileSystemConforms({ fileSystem, volumeBytes, unknownId: '99999999999' });
  });
});

test('directories that lie too deep are found where they were', async () => {
  using source = new Source();
  const deep = 'a/b/c/d/e/f/g/h/i/j/k/file';
  source.write(deep, 'deep down');
  await using image = await source.disc('genisoimage', '-R');
  await image.read(async (fileSystem) => {
    assert.equal(await contentAt(fileSystem, deep), 'deep down');
  });
});

test('a disc with Joliet shows its names; one without anything shows those of ISO 9660', async () => {
  using source = new Source();
  source.write('Größe und Länge.txt', 'long');
  source.write('sub/x', 'short');
  await using joliet = await source.disc('genisoimage', '-J', '-input-charset', 'utf-8');
  await joliet.read(async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /Joliet/);
    assert.equal(await contentAt(fileSystem, 'Größe und Länge.txt'), 'long');
    assert.equal(await contentAt(fileSystem, 'SUB/X'), 'short');
  });
  await using plain = await source.disc('genisoimage', '-input-charset', 'utf-8');
  await plain.read(async (fileSystem) => {
    const names: string[] = [];
    for await (const batch of fileSystem.list(fileSystem.root))
      names.push(...batch.map(({ name }) => name));
    assert(names.includes('SUB'), names.join());
    assert.equal(await contentAt(fileSystem, 'sub/x'), 'short');
  });
});

test('a file in several extents reads as one', async () => {
  using source = new Source();
  source.write('A', Buffer.alloc(4096, 'a'));
  source.write('B', Buffer.alloc(3000, 'b'));
  await using image = await source.disc('genisoimage');
  const bytes = readFileSync(image.path);
  const [first, second] = await image.read(async (fileSystem) => [
    Number((await fileSystem.find(fileSystem.root, 'A'))!.id),
    Number((await fileSystem.find(fileSystem.root, 'B'))!.id),
  ]);
  bytes[first + 25]! |= 0x80;
  bytes.copy(bytes, second + 33, first + 33, first + 33 + bytes[first + 32]!);
  writeFileSync(image.path, bytes);
  await image.read(async (fileSystem) => {
    const content = await contentAt(fileSystem, 'A');
    assert.equal(content, 'a'.repeat(4096) + 'b'.repeat(3000));
    assert.equal(await fileSystem.find(fileSystem.root, 'B'), undefined);
  });
});

test('a file compressed with zisofs is refused with the reason', async () => {
  using source = new Source();
  source.write('z', Buffer.alloc(100_000, 'z'));
  await using image = await source.disc('xorriso', '-as', 'mkisofs', '-R');
  const bytes = readFileSync(image.path);
  // Nobody has the program that compresses: the entries of times are called what its mark is.
  const at = bytes.indexOf('TF\x1a\x01', 0, 'latin1');
  assert(at > 0);
  for (let place = at; place >= 0; place = bytes.indexOf('TF\x1a\x01', place, 'latin1'))
    bytes.write('ZF', place, 'latin1');
  writeFileSync(image.path, bytes);
  await image.read(async (fileSystem) => {
    const entry = await fileSystem.find(fileSystem.root, 'z');
    await assert.rejects(fileSystem.open(entry!.id), (error) =>
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE'),
    );
  });
});

async function contentAt(fileSystem: FileSystem, path: string): Promise<string> {
  let id = fileSystem.root;
  for (const name of path.split('/')) {
    const entry = await fileSystem.find(id, name);
    assert(entry !== undefined, `${name} of ${path}`);
    id = entry.id;
  }
  const disk = await fileSystem.open(id);
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes.toString();
}

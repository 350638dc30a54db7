import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import type { FileStatus, FileSystem } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { tool } from '../nbd/served.ts';
import type { DiskImage } from './disk-image.ts';
import { fragmentCount, makeSpecialVolume, wofContents } from './ntfs-samples.ts';
import { wofAlgorithms } from './wof-streams.ts';

let image: DiskImage;
before(async () => {
  image = await makeSpecialVolume();
});
after(() => image[Symbol.asyncDispose]());

const readOnly = ['-t', 'ntfs-3g', '-o', 'ro,special_files=wsl'];

async function statusAt(fileSystem: FileSystem, path: string): Promise<FileStatus> {
  let id = fileSystem.root;
  for (const name of path.split('/')) {
    const entry = await fileSystem.find(id, name);
    assert(entry !== undefined, `${path} is there`);
    id = entry.id;
  }
  return fileSystem.status(id);
}

async function contentAt(fileSystem: FileSystem, path: string, stream?: string): Promise<Buffer> {
  const content = await fileSystem.open((await statusAt(fileSystem, path)).id, stream);
  const bytes = Buffer.alloc(content.sizeBytes, 0xaa);
  await content.read(bytes, 0);
  return bytes;
}

test('its answers agree with one another, and nothing is found wrong', () =>
  image.read(async (fileSystem) => {
    assert.equal(fileSystem.summary.label, 'Spezial 日本');
    await assertFileSystemConforms({
      fileSystem,
      volumeBytes: 48 * 2 ** 20,
      unknownId: '123456789',
    });
  }));

test('reads what was compressed, and a file of more runs than a list of records holds', () =>
  image.mounted(readOnly, (folder) =>
    image.read(async (fileSystem) => {
      for (const path of ['packed/text', 'packed/program', 'packed/holes', 'fragments']) {
        const ours = await contentAt(fileSystem, path);
        assert(ours.equals(readFileSync(join(folder, path))), path);
      }
      const { sizeBytes, allocatedBytes } = await statusAt(fileSystem, 'packed/text');
      assert(allocatedBytes < sizeBytes / 4);
      assert.equal((await statusAt(fileSystem, 'fragments')).allocatedBytes, fragmentCount * 512);
    }),
  ));

test('reads what the WOF driver compressed, with all four algorithms', () =>
  image.read(async (fileSystem) => {
    for (const { number } of wofAlgorithms) {
      for (const [name, content] of wofContents()) {
        const path = `wof-${number}-${name}`;
        const { id, kind } = await statusAt(fileSystem, path);
        assert.equal(kind, 'file');
        assert((await contentAt(fileSystem, path)).equals(content), path);
        assert.deepEqual(await fileSystem.streams(id), []);
      }
    }
  }));

test('tells links, devices and what only Windows can follow', () =>
  image.read(async (fileSystem) => {
    const kinds: Record<string, string> = {
      'linux-link': 'link',
      'long-link': 'link',
      'windows-link': 'link',
      junction: 'link',
      pipe: 'pipe',
      character: 'character-device',
      block: 'block-device',
      cloud: 'file',
      deduplicated: 'other',
    };
    for (const [path, kind] of Object.entries(kinds)) {
      assert.equal((await statusAt(fileSystem, path)).kind, kind, path);
    }
    const target = async (path: string): Promise<string> =>
      fileSystem.readLink((await statusAt(fileSystem, path)).id);
    assert.equal(await target('linux-link'), 'target/with/ü');
    assert.equal(await target('long-link'), 'long/'.repeat(300));
    assert.equal(await target('windows-link'), '..\\else\\ü.txt');
    assert.equal(await target('junction'), 'C:\\Users\\All');
    assert.equal((await statusAt(fileSystem, 'linux-link')).sizeBytes, 14);
    const { device, mode } = await statusAt(fileSystem, 'character');
    assert.deepEqual(device, { major: 259, minor: 70_000 });
    assert.equal(mode, 0o644);
    await assert.rejects(contentAt(fileSystem, 'deduplicated'), (error) =>
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE'),
    );
  }));

test('finds a file by its 8.3 name, and lists it only by the long one', () =>
  image.read(async (fileSystem) => {
    const { id, linkCount } = await statusAt(fileSystem, 'a long name.document');
    assert.equal(linkCount, 1);
    assert.equal((await fileSystem.find(fileSystem.root, 'alongn~1.doc'))?.id, id);
    assert.equal((await fileSystem.find(fileSystem.root, 'A LONG NAME.document'))?.id, id);
    const listed = (await Array.fromAsync(fileSystem.list(fileSystem.root))).flat();
    assert.deepEqual(
      listed.filter((entry) => entry.id === id).map(({ name }) => name),
      ['a long name.document'],
    );
  }));

test('gives streams and security descriptors out as ntfs-3g does', () =>
  image.mounted(readOnly, (folder) =>
    image.read(async (fileSystem) => {
      const path = 'a long name.document';
      const { id } = await statusAt(fileSystem, path);
      assert.deepEqual(
        (await fileSystem.streams(id)).toSorted((left, right) => left.sizeBytes - right.sizeBytes),
        [
          { name: 'Zone.Identifier', sizeBytes: 14 },
          { name: 'big', sizeBytes: 30_000 },
        ],
      );
      assert.equal((await contentAt(fileSystem, path, 'big')).toString(), 'stream'.repeat(5000));
      for (const name of ['system.ntfs_acl', 'system.ntfs_attrib', 'system.ntfs_dos_name']) {
        const ours = (await fileSystem.attributes(id)).find((attribute) => attribute.name === name);
        const words = ['--only-values', '--absolute-names', '-n', name, join(folder, path)];
        assert.deepEqual(
          Buffer.from(ours?.value ?? []).toString('hex'),
          await hexOf(words),
          `${name} is the same`,
        );
      }
      const acl = (await fileSystem.attributes(id)).find(({ name }) => name === 'system.ntfs_acl');
      assert.equal(acl?.text, 'O:BAG:BAD:(A;OICI;FA;;;WD)');
    }),
  ));

/** The value as bytes: getfattr prints it raw. */
async function hexOf(words: readonly string[]): Promise<string> {
  const line = 'getfattr "$@" | od -An -v -tx1 | tr -d " \\n"';
  return tool('sh', '-c', line, 'sh', ...words);
}

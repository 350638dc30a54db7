import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/log.ts';
import { FuseServer } from '../../src/fuse/server/fuse-server.ts';
import { mountProgram } from '../../src/main/mount-program.ts';
import { MemoryTreeFile } from '../../src/testing/memory-tree.ts';
import { texture, tool } from '../nbd/served.ts';

async function mounted(
  root: MemoryTreeFile,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-fuse-'));
  const descriptor = openSync('/dev/fuse', 'r+');
  try {
    await mountProgram.mount({ folder, descriptor, source: 'secondwind:test' });
    const server = new FuseServer({ descriptor, root, log: silentLogger });
    try {
      await use(folder);
    } finally {
      await mountProgram.unmount(folder, false);
      await server.ended;
    }
  } finally {
    closeSync(descriptor);
    rmdirSync(folder);
  }
}

const big = texture(8 * 2 ** 20);
const many = Object.fromEntries(
  Array.from({ length: 5000 }, (_, index) => [
    `entry ${index}`,
    new MemoryTreeFile({ content: Buffer.from(`${index}`) }),
  ]),
);
const root = new MemoryTreeFile({
  children: {
    'big.bin': new MemoryTreeFile({ content: big }),
    'Grüße \udcff': new MemoryTreeFile({ content: Buffer.from('odd name') }),
    link: new MemoryTreeFile({ linkTarget: 'big.bin' }),
    empty: new MemoryTreeFile({
      content: Buffer.alloc(0),
      attributes: [{ name: 'user.note', value: Buffer.from('kept') }],
      status: { uid: 1234, gid: 4321, mode: 0o4640, modifiedMicros: -1_500_000 },
    }),
    device: new MemoryTreeFile({
      kind: 'block-device',
      content: Buffer.alloc(0),
      status: { device: { major: 259, minor: 70_000 } },
    }),
    many: new MemoryTreeFile({ children: many }),
  },
});

// The mount is asked with asynchronous calls, and synchronous ones in another process: this one must answer.
test('programs see what is served: names, contents, properties', async () => {
  await mounted(root, async (folder) => {
    assert.deepEqual((await readdir(folder, 'latin1')).toSorted(), [
      'Gr\xc3\xbc\xc3\x9fe \xff',
      'big.bin',
      'device',
      'empty',
      'link',
      'many',
    ]);
    assert(big.equals(await readFile(join(folder, 'link'))), 'through the link');
    assert.equal(await tool('sh', '-c', `cat '${folder}'/Gr*`), 'odd name');
    const seen = await tool('stat', '-c', '%F %a %u %g %.6Y %s', join(folder, 'empty'));
    assert.equal(seen.trim(), 'regular empty file 4640 1234 4321 -1.500000 0');
    assert.match(
      await tool('stat', '-c', '%F %t %T', join(folder, 'device')),
      /^block special file 103 11170/,
    );
    assert.match(
      await tool('getfattr', '-d', '--absolute-names', join(folder, 'empty')),
      /user\.note="kept"/,
    );
    assert.equal((await tool('readlink', join(folder, 'link'))).trim(), 'big.bin');
  });
});

test('a directory of thousands is listed once whole, each name once', async () => {
  await mounted(root, async (folder) => {
    const names = await readdir(join(folder, 'many'));
    assert.equal(new Set(names).size, 5000);
    assert.equal(await tool('sh', '-c', `cat '${folder}/many/entry 4999'`), '4999');
    assert.equal((await tool('sh', '-c', `find '${folder}' | wc -l`)).trim(), '5007');
  });
});

test('nothing can be changed, and what is not there is not there', async () => {
  await mounted(root, async (folder) => {
    for (const command of [
      'touch new',
      'rm empty',
      'mkdir d',
      'mv empty other',
      'truncate -s 1 empty',
      'chmod 1 empty',
    ]) {
      await assert.rejects(
        tool('sh', '-c', `cd '${folder}' && ${command}`),
        /Read-only file system/,
        command,
      );
    }
    await assert.rejects(readFile(join(folder, 'absent')), /ENOENT/);
    await assert.rejects(readdir(join(folder, 'empty')), /ENOTDIR/);
  });
});

test('a copy of a sparse file stays sparse', async () => {
  const sparse = Buffer.alloc(4 * 2 ** 20);
  sparse.write('begin', 0);
  sparse.write('end', sparse.length - 65_536);
  await mounted(
    new MemoryTreeFile({
      children: {
        sparse: new MemoryTreeFile({ content: sparse, status: { allocatedBytes: 131_072 } }),
      },
    }),
    async (folder) => {
      const copied = join(mkdtempSync(join(tmpdir(), 'secondwind-fuse-copy-')), 'copy');
      await tool('cp', '--sparse=auto', join(folder, 'sparse'), copied);
      assert(readFileSync(copied).equals(sparse));
      assert(statSync(copied).blocks * 512 < sparse.length / 4, 'the copy has holes');
      await tool('rm', '-r', join(copied, '..'));
    },
  );
});

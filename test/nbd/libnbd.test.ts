import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { createFileDisk } from '../../src/disk/file-disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { startNbdServer } from '../../src/nbd/server/nbd-server.ts';
import { texture, tool, withServed } from './served.ts';

const sizeBytes = 64 * 2 ** 20;

interface ExportReport {
  readonly 'export-name': string;
  readonly 'export-size': number;
  readonly description: string;
  readonly is_read_only: boolean;
  readonly can_multi_conn: boolean;
  readonly can_fast_zero: boolean;
  readonly can_df: boolean;
  readonly block_size_preferred: number;
  readonly contexts: readonly string[];
}

describe('nbdinfo', () => {
  test('lists the exports of an address with what they can do', async () => {
    await withServed({}, async ({ server, socket }) => {
      server.addExport({ name: 'fixed', disk: new MemoryDisk(1000), isReadOnly: true });
      const text = await tool('nbdinfo', '--json', '--list', `nbd+unix:///?socket=${socket}`);
      const { exports } = JSON.parse(text) as { exports: readonly ExportReport[] };
      assert.deepEqual(
        exports.map((each) => [each['export-name'], each['export-size'], each.is_read_only]),
        [
          ['disk', sizeBytes, false],
          ['fixed', 1000, true],
        ],
      );
      const [disk] = exports;
      assert.equal(disk?.description, 'a disk for a test');
      assert.deepEqual(disk.contexts, ['base:allocation']);
      assert.ok(disk.can_multi_conn && disk.can_fast_zero && disk.can_df);
      assert.equal(disk.block_size_preferred, 4096);
    });
  });

  test('finds the only export without a name, and none that does not exist', async () => {
    await withServed({}, async ({ socket }) => {
      const size = await tool('nbdinfo', '--size', `nbd+unix:///?socket=${socket}`);
      assert.equal(Number(size), sizeBytes);
      await assert.rejects(
        tool('nbdinfo', `nbd+unix:///none?socket=${socket}`),
        /No such file or directory for export/,
      );
    });
  });

  test('maps holes and data', async () => {
    await withServed({}, async ({ disk, uri }) => {
      await disk.write(Buffer.alloc(200_000, 1), 2 ** 20);
      const map = JSON.parse(await tool('nbdinfo', '--map', '--json', uri)) as {
        offset: number;
        length: number;
        type: number;
      }[];
      const dataBytes = 262_144;
      assert.deepEqual(
        map.map(({ offset, length, type }) => [offset, length, type]),
        [
          [0, 2 ** 20, 3],
          [2 ** 20, dataBytes, 0],
          [2 ** 20 + dataBytes, sizeBytes - 2 ** 20 - dataBytes, 3],
        ],
      );
    });
  });

  test('connects over TCP', async () => {
    const endpoint = { kind: 'tcp' as const, host: '127.0.0.1', port: 0 };
    const server = await startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
    server.addExport({ name: 'disk', disk: new MemoryDisk(12_345) });
    assert(server.endpoint.kind === 'tcp');
    const uri = `nbd://127.0.0.1:${server.endpoint.port}/disk`;
    assert.equal(Number(await tool('nbdinfo', '--size', uri)), 12_345);
    await server.close();
  });
});

describe('nbdcopy', () => {
  test('copies an image in over four connections, and out again', async () => {
    await withServed({}, async ({ disk, uri, folder }) => {
      const image = texture(sizeBytes);
      const source = join(folder, 'source.img');
      const back = join(folder, 'back.img');
      writeFileSync(source, image);
      await tool('nbdcopy', '--connections=4', '--flush', source, uri);
      const held = Buffer.alloc(sizeBytes);
      await disk.read(held, 0);
      assert.ok(held.equals(image));
      await tool('nbdcopy', '--connections=4', uri, back);
      assert.ok(readFileSync(back).equals(image));
    });
  });

  test('copies a sparse disk out sparsely and in by zeroes', async () => {
    await withServed({}, async ({ disk, uri, folder }) => {
      await disk.write(Buffer.alloc(100_000, 5), 30 * 2 ** 20);
      const back = join(folder, 'back.img');
      await tool('nbdcopy', uri, back);
      const model = Buffer.alloc(sizeBytes).fill(5, 30 * 2 ** 20, 30 * 2 ** 20 + 100_000);
      assert.ok(readFileSync(back).equals(model));
      assert.ok(statSync(back).blocks * 512 < 2 ** 20);
      writeFileSync(back, '');
      truncateSync(back, sizeBytes);
      await tool('nbdcopy', back, uri);
      assert.deepEqual(await disk.extents(0, sizeBytes), [
        { lengthBytes: sizeBytes, isHole: true },
      ]);
    });
  });

  test('copies to and from a file disk whose size is no multiple of anything', async () => {
    await withServed({}, async ({ folder, server, socket }) => {
      const file = join(folder, 'odd.img');
      const disk = await createFileDisk(file, 10_000_001, { clock: systemClock });
      server.addExport({ name: 'odd', disk });
      const image = texture(10_027_008).subarray(0, 10_000_001);
      const source = join(folder, 'source.img');
      const back = join(folder, 'back.img');
      writeFileSync(source, image);
      const uri = `nbd+unix:///odd?socket=${socket}`;
      await tool('nbdcopy', '--flush', source, uri);
      await tool('nbdcopy', uri, back);
      assert.ok(readFileSync(file).equals(image));
      assert.ok(readFileSync(back).equals(image));
      await server.removeExport('odd');
      await disk.close();
    });
  });

  test('copies through nbdkit as a proxy', async () => {
    await withServed({}, async ({ disk, socket, folder }) => {
      const image = texture(8 * 2 ** 20);
      const source = join(folder, 'source.img');
      const proxy = join(folder, 'proxy');
      writeFileSync(source, image);
      const copy = `nbdcopy ${source} "$uri" && nbdcopy "$uri" ${join(folder, 'back.img')}`;
      const run = ['--run', copy, '-U', proxy, 'nbd'];
      await tool('nbdkit', ...run, `socket=${socket}`, 'export=disk', 'shared=true');
      const back = readFileSync(join(folder, 'back.img'));
      assert.ok(back.subarray(0, image.length).equals(image));
      const held = Buffer.alloc(image.length);
      await disk.read(held, 0);
      assert.ok(held.equals(image));
    });
  });
});

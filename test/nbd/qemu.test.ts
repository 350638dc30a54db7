import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { FaultyDisk } from '../../src/testing/faulty-disk.ts';
import { type Served, texture, tool, withServed } from './served.ts';

const sizeBytes = 64 * 2 ** 20;

function io({ uri }: Served, ...commands: readonly string[]): Promise<string> {
  return tool('qemu-io', '-f', 'raw', ...commands.flatMap((each) => ['-c', each]), uri);
}

describe('qemu-img', () => {
  test('converts into a served disk and out of it, and finds no difference', async () => {
    await withServed({}, async ({ uri, folder }) => {
      const source = join(folder, 'source.img');
      const copy = join(folder, 'copy.qcow2');
      writeFileSync(source, texture(sizeBytes));
      await tool('qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', source, uri);
      await tool('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', uri, copy);
      const words = ['compare', '-f', 'raw', '-F', 'qcow2', source, copy];
      assert.match(await tool('qemu-img', ...words), /Images are identical/);
      const served = ['compare', '-f', 'raw', '-F', 'raw', source, uri];
      assert.match(await tool('qemu-img', ...served), /Images are identical/);
    });
  });

  test('maps what is data and what is not', async () => {
    await withServed({}, async ({ uri, disk }) => {
      await disk.write(Buffer.alloc(65_536, 1), 2 ** 20);
      const map = JSON.parse(
        await tool('qemu-img', 'map', '--output=json', '-f', 'raw', uri),
      ) as readonly { start: number; length: number; zero: boolean; data: boolean }[];
      assert.deepEqual(
        map.map(({ start, length, zero, data }) => ({ start, length, zero, data })),
        [
          { start: 0, length: 2 ** 20, zero: true, data: false },
          { start: 2 ** 20, length: 65_536, zero: false, data: true },
          {
            start: 2 ** 20 + 65_536,
            length: sizeBytes - 2 ** 20 - 65_536,
            zero: true,
            data: false,
          },
        ],
      );
    });
  });

  test('measures a read of 32 MiB at once', async () => {
    await withServed({}, async ({ disk, uri, folder }) => {
      const image = texture(sizeBytes);
      await disk.write(image, 0);
      const out = join(folder, 'out');
      await tool('qemu-img', 'dd', '-f', 'raw', '-O', 'raw', 'bs=32M', `if=${uri}`, `of=${out}`);
      assert.ok(readFileSync(out).equals(image));
    });
  });
});

describe('qemu-io', () => {
  test('writes, zeroes, discards, flushes and reads what it should', async () => {
    await withServed({}, async (served) => {
      await io(
        served,
        'write -P 0x11 0 1M',
        'write -f -P 0x22 4096 8192',
        'write -z 64k 64k',
        'write -z -u 192k 64k',
        'discard 256k 128k',
        'flush',
        'write -P 0x33 513 1',
        'aio_write -P 0x44 2M 1M',
        'aio_write -P 0x55 3M 512',
        'aio_flush',
      );
      const found = await io(
        served,
        'read -P 0x11 0 512',
        'read -P 0x33 513 1',
        'read -P 0x11 514 3582',
        'read -P 0x22 4096 8192',
        'read -P 0 64k 64k',
        'read -P 0x11 128k 64k',
        'read -P 0 192k 192k',
        'read -P 0x11 384k 640k',
        'read -P 0x44 2M 1M',
        'read -P 0x55 3M 512',
      );
      assert.doesNotMatch(found, /failed|differ/i);
      assert.equal(found.match(/^read /gm)?.length, 10);
    });
  });

  test('cannot write to a read-only export, and reads it', async () => {
    await withServed({ isReadOnly: true }, async (served) => {
      assert.match(await failureOf(io(served, 'read 0 4k')), /read-only|Permission/i);
      const words = ['-r', '-f', 'raw', '-c', 'read -P 0 0 1M', served.uri];
      assert.match(await tool('qemu-io', ...words), /read 1048576/);
    });
  });

  test('is told when there is no space, and when the disk fails, and goes on afterwards', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const disk = new FaultyDisk(new MemoryDisk(sizeBytes), {
      failAt: 1,
      only: ['write'],
      error: full,
    });
    await withServed({ disk }, async (served) => {
      const words = ['write -P 1 0 4k', 'write -P 2 0 4k', 'read -P 2 0 4k'];
      const failed = await failureOf(io(served, ...words));
      assert.match(failed, /No space left/);
      assert.match(failed, /wrote 4096/);
      disk.plan = { failAt: disk.operationCount + 1, only: ['read'] };
      const broken = await failureOf(io(served, 'read 0 4k'));
      assert.match(broken, /Input\/output error/);
    });
  });
});

/** What a tool printed that was meant to fail. */
async function failureOf(run: Promise<string>): Promise<string> {
  try {
    await run;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return stdout + stderr;
  }
  assert.fail('the tool did not fail');
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../base/system-clock.ts';
import { ImageWatch } from './image-watch.ts';

function imageFor(t: TestContext): { readonly folder: string; readonly image: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sw-watch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const image = join(folder, 'disk.img');
  writeFileSync(image, Buffer.alloc(1024 * 1024));
  return { folder, image };
}

/** Writes one byte, at once. */
function touch(file: string): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, 'x', 4096);
  closeSync(handle);
}

async function watching(file: string): Promise<ImageWatch> {
  const outcome = await ImageWatch.begin(file, systemClock);
  assert('watch' in outcome, JSON.stringify(outcome));
  return outcome.watch;
}

test('every write to a file is noticed, however soon it comes', async (t) => {
  const { image } = imageFor(t);
  for (let round = 0; round < 5; round += 1) {
    touch(image);
    const watch = await watching(image);
    assert(await watch.isUnchanged());
    touch(image);
    assert(!(await watch.isUnchanged()));
    await watch.close();
  }
});

test('a file that is put in place of the image is noticed', async (t) => {
  const { image } = imageFor(t);
  const watch = await watching(image);
  rmSync(image);
  writeFileSync(image, Buffer.alloc(1024 * 1024));
  assert(!(await watch.isUnchanged()));
  await watch.close();
});

test('a device tells by its count of writes and by the file it shows, and is not watched while it is mounted', async (t) => {
  const { folder, image } = imageFor(t);
  execFileSync('mkfs.ext4', ['-q', '-F', image], { stdio: 'ignore' });
  const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
  try {
    for (const written of [device, image]) {
      const watch = await watching(device);
      assert(await watch.isUnchanged());
      touch(written);
      assert(!(await watch.isUnchanged()), written);
      await watch.close();
    }
    const mount = join(folder, 'mount');
    mkdirSync(mount);
    execFileSync('mount', [device, mount]);
    try {
      assert.deepEqual(await ImageWatch.begin(device, systemClock), {
        reason: 'it is in use by this system',
      });
    } finally {
      execFileSync('umount', [mount]);
    }
  } finally {
    execFileSync('losetup', ['--detach', device]);
  }
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { KernelProgram, StartKernelProgram } from '../../src/capture/kernel/kernel-program.ts';
import { kernelProgram } from '../../src/main/kernel-program.ts';
import { kinds, testBusyFileSystem } from './kernel-busy-file-system.ts';
import { LiveDevice, tool } from './live-device.ts';
import { pickSeed } from './rig.ts';

const seed = pickSeed();
const effort = { durationMs: 1_500, pointsMax: 2, seed };
const sizeBytes = 32 << 20;

// The third kind is left to `npm run soak`.
for (const kind of kinds.slice(0, 2)) {
  test(`every point of a busy ${kind.name} is sound and has what was acknowledged`, () =>
    testBusyFileSystem(kind, effort));
}

/** Writes past the page cache, so that every write is one of the device. */
async function burst(path: string, megabytes: number, seek: number): Promise<void> {
  const words = [`of=${path}`, 'bs=1M', `count=${megabytes}`, `seek=${seek}`, 'oflag=direct'];
  await tool('dd', 'if=/dev/urandom', ...words, 'conv=notrunc', 'status=none');
}

async function assertEqual(device: LiveDevice): Promise<void> {
  await device.kernel.catchUp();
  await device.untilWhole();
  const restored = await readFile(await device.restore(await device.cut()));
  assert.ok(restored.equals(await device.content()), 'it differs from the device');
}

test('what a tiny ring loses is known, a gap until it was compared, and never a wrong byte', () =>
  LiveDevice.with({ sizeBytes, start: kernelProgram(65_536) }, async (device) => {
    await device.untilWhole();
    for (let round = 0; round < 3; round++) {
      const before = device.points.length;
      const gap = device.until('filling');
      await burst(device.path, 4, round * 5);
      await gap;
      await assertEqual(device);
      assert.ok(device.points.length > before);
    }
  }));

/** Starts the real program, and lets it be broken at will: it ends at a command that it does not know. */
function breakable(): { start: StartKernelProgram; break: () => void } {
  let program: KernelProgram | undefined;
  const start: StartKernelProgram = (path, listener) => (program = kernelProgram()(path, listener));
  return { start, break: () => program?.send('nonsense') };
}

test('a program that ends, and a device that goes and comes back changed, are gaps that end by comparing', () => {
  const program = breakable();
  return LiveDevice.with({ sizeBytes, start: program.start }, async (device) => {
    await burst(device.path, 2, 3);
    await assertEqual(device);
    const away = device.until('away');
    program.break();
    await away;
    await burst(device.path, 2, 4);
    await assertEqual(device);

    await tool('losetup', '--detach', device.path);
    await device.until('away');
    const image = await open(device.image, 'r+');
    await image.write(randomBytes(5000), 0, 5000, 12_345_678);
    await image.close();
    await tool('losetup', device.path, device.image);
    await device.until('protecting');
    await assertEqual(device);
  });
});

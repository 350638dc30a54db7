import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceLayersMax } from '../base/limits.ts';
import { deviceNumber } from '../disk/device-number.ts';
import { deviceByNumber, diskOfPartition } from '../recovery/restore/block-devices.ts';
import { kernelNames, kernelText } from '../recovery/restore/kernel-files.ts';

/**
 * Finds every block device that content of a folder is written to: that of its file system, and all below it.
 * @param folder - absolute path
 * @returns numbers, "MAJOR:MINOR"
 * @throws IO_FAILED
 */
export async function devicesUnder(folder: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  await visitFolder(folder, found, 0);
  return found;
}

async function visitFolder(folder: string, found: Set<string>, depth: number): Promise<void> {
  const number = await mountedDevice(await realpath(folder));
  if (number !== undefined) await visit(number, found, depth);
}

async function visit(number: string, found: Set<string>, depth: number): Promise<void> {
  if (found.has(number) || depth > deviceLayersMax) return;
  found.add(number);
  const device = await deviceByNumber(number);
  if (device === undefined) return;
  const disk = await diskOfPartition(device);
  if (disk !== undefined) await visit(disk.number, found, depth + 1);
  for (const name of await kernelNames(join(device.folder, 'slaves'))) {
    const below = await kernelText(join(device.folder, 'slaves', name, 'dev'));
    if (below !== undefined) await visit(below.trim(), found, depth + 1);
  }
  const file = await kernelText(join(device.folder, 'loop/backing_file'));
  if (file !== undefined) await visitFolder(join(file.trim(), '..'), found, depth + 1);
}

/** By the name that was mounted: file systems over several devices have a number of their own, which is nobody's. */
async function mountedDevice(folder: string): Promise<string | undefined> {
  const lines = ((await kernelText('/proc/self/mountinfo')) ?? '').trim().split('\n');
  const mounts = lines.map((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , number = '', , mountPoint = ''] = left.split(' ');
    return { number, mountPoint, source: right.split(' ')[1] ?? '' };
  });
  const holding = mounts.filter(({ mountPoint }) => isWithin(folder, mountPoint));
  const longest = holding.toSorted((a, b) => a.mountPoint.length - b.mountPoint.length).at(-1);
  if (longest === undefined) return undefined;
  const source = await stat(longest.source).catch(() => undefined);
  return source === undefined || source.rdev === 0 ? longest.number : deviceNumber(source.rdev);
}

function isWithin(folder: string, mountPoint: string): boolean {
  return mountPoint === '/' || folder === mountPoint || folder.startsWith(`${mountPoint}/`);
}

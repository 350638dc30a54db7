import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { kernelNames, kernelText } from './kernel-files.ts';

/** A block device as the kernel shows it. */
export interface BlockDevice {
  /** Kernel's name: "sda1". */
  readonly name: string;
  /** "MAJOR:MINOR". */
  readonly number: string;
  /** Its folder in /sys. */
  readonly folder: string;
}

/**
 * Finds a block device by its number.
 * @param number - "MAJOR:MINOR"
 * @returns the device, or undefined when there is none
 * @throws IO_FAILED
 */
export async function deviceByNumber(number: string): Promise<BlockDevice | undefined> {
  return deviceIn(await resolved(`/sys/dev/block/${number}`));
}

/**
 * Lists the partitions of a device.
 * @param device - whole disk; a partition has none
 * @throws IO_FAILED
 */
export async function partitionsOf(device: BlockDevice): Promise<readonly BlockDevice[]> {
  const found = await Promise.all(
    (await kernelNames(device.folder)).map(async (name) => {
      const folder = join(device.folder, name);
      return (await kernelText(join(folder, 'partition'))) === undefined
        ? undefined
        : deviceIn(folder);
    }),
  );
  return found.filter((partition) => partition !== undefined);
}

/**
 * Finds the disk that a partition lies on.
 * @param device - any
 * @returns the disk, or undefined when the device is no partition
 * @throws IO_FAILED
 */
export async function diskOfPartition(device: BlockDevice): Promise<BlockDevice | undefined> {
  const partition = await kernelText(join(device.folder, 'partition'));
  return partition === undefined ? undefined : deviceIn(dirname(device.folder));
}

/**
 * Lists the devices made of a device: RAID, LVM, encryption, multipath.
 * @param device - any
 * @throws IO_FAILED
 */
export async function holdersOf(device: BlockDevice): Promise<readonly BlockDevice[]> {
  const folder = join(device.folder, 'holders');
  const found = await Promise.all(
    (await kernelNames(folder)).map(async (name) => deviceIn(await resolved(join(folder, name)))),
  );
  return found.filter((holder) => holder !== undefined);
}

/** A loop device and the file it shows. */
export interface LoopDevice extends BlockDevice {
  /** Path of the file as it was attached. */
  readonly backingFile: string;
}

/**
 * Lists the loop devices in use.
 * @throws IO_FAILED
 */
export async function loopDevices(): Promise<readonly LoopDevice[]> {
  const names = (await kernelNames('/sys/block')).filter((name) => name.startsWith('loop'));
  const found = await Promise.all(
    names.map(async (name) => {
      const device = await deviceIn(await resolved(join('/sys/block', name)));
      const file = await kernelText(`/sys/block/${name}/loop/backing_file`);
      if (device === undefined || file === undefined) return undefined;
      return { ...device, backingFile: file.replace(/\n$/, '') };
    }),
  );
  return found.filter((loop) => loop !== undefined);
}

async function deviceIn(folder: string | undefined): Promise<BlockDevice | undefined> {
  if (folder === undefined) return undefined;
  const number = await kernelText(join(folder, 'dev'));
  return number === undefined
    ? undefined
    : { name: basename(folder), number: number.trim(), folder };
}

async function resolved(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // What is not there is no device; a device may also vanish between two looks.
    return undefined;
  }
}

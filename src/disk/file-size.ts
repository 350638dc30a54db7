import type { FileHandle } from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { SecondwindError } from '../base/errors.ts';

/** Unit of the kernel's block device sizes, bytes, whatever the device's own sectors are. */
const sectorBytes = 512;

/** What kind of thing an open disk file is. */
export interface FileShape {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Whether it is a device rather than a regular file. */
  readonly isDevice: boolean;
}

/**
 * Finds the size of a disk image or block device.
 * @param handle - open file
 * @param file - its path, for errors
 * @throws NOT_A_DISK when it is neither
 * @source Linux Documentation/ABI/stable/sysfs-block: /sys/block/<disk>/size counts 512-byte sectors
 */
export async function fileShape(handle: FileHandle, file: string): Promise<FileShape> {
  const stat = await handle.stat();
  if (stat.isFile()) return { sizeBytes: stat.size, isDevice: false };
  if (!stat.isBlockDevice()) {
    throw new SecondwindError('NOT_A_DISK', {
      file,
      reason: 'it is no regular file or block device',
    });
  }
  const sectors = Number(await deviceSectors(stat.rdev, file));
  return { sizeBytes: sectors * sectorBytes, isDevice: true };
}

async function deviceSectors(device: number, file: string): Promise<string> {
  const [major, minor] = deviceNumbers(device);
  try {
    return await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8');
  } catch (cause) {
    const reason = `the system does not tell the size of device ${major}:${minor}`;
    throw new SecondwindError('NOT_A_DISK', { file, reason }, cause);
  }
}

/**
 * Splits a device number as glibc's gnu_dev_major and gnu_dev_minor do; its upper half does not fit 32-bit operators.
 * @param device - from a file's `rdev`
 * @returns major and minor number
 */
export function deviceNumbers(device: number): readonly [number, number] {
  const high = Math.floor(device / 2 ** 32);
  const low = device % 2 ** 32;
  const major = ((low >>> 8) & 0xfff) + Math.floor(high / 0x1000) * 0x1000;
  const minor = (low & 0xff) + ((low >>> 12) & 0xfff00) + (high & 0xfff) * 0x100000;
  return [major, minor];
}

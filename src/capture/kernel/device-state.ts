import { readFile, stat } from 'node:fs/promises';
import { deviceNumber } from '../../disk/device-number.ts';

/** What tells one device from another that takes its place. */
export interface DeviceState {
  /** Number of the device, as stat gives it. */
  readonly number: number;
  /** Grows whenever any disk of the system is put in: tells two apart that have the same number. Empty before Linux 5.15. */
  readonly sequence: string;
  /** Size, sectors of 512 bytes, in the words of the kernel. */
  readonly sectors: string;
}

/**
 * Looks at a device without opening it.
 * @param path - of a block device
 * @returns undefined when there is none, or nothing is in it
 */
export async function lookAtDevice(path: string): Promise<DeviceState | undefined> {
  try {
    const { rdev } = await stat(path);
    const folder = `/sys/dev/block/${deviceNumber(rdev)}`;
    const sectors = (await readFile(`${folder}/size`, 'latin1')).trim();
    if (sectors === '0') return undefined;
    const sequence = await readFile(`${folder}/diskseq`, 'latin1').catch(() => '');
    return { number: rdev, sequence: sequence.trim(), sectors };
  } catch {
    return undefined;
  }
}

/**
 * Whether both are the same device, unchanged.
 * @param left - one look
 * @param right - the other
 */
export function isSameDevice(left: DeviceState, right: DeviceState): boolean {
  return (
    left.number === right.number &&
    left.sequence === right.sequence &&
    left.sectors === right.sectors
  );
}

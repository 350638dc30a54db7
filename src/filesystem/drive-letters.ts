import type { ReadableDisk } from '../disk/disk.ts';
import { guidText } from './guid-text.ts';
import { u32le, u64le } from './integers.ts';
import { HiveCells } from './registry-hive/hive-cells.ts';
import { findKey, type HiveValue, readKey, valuesOf } from './registry-hive/hive-keys.ts';

/** Which partition a Windows system shows under a letter. */
export type DriveLetter =
  /** By the GUID of a partition of a GPT: Volume.partitionUuid. */
  | { readonly letter: string; readonly by: 'partition-uuid'; readonly value: string }
  /** By the signature of a disk with an MBR and where on it the partition begins. */
  | {
      readonly letter: string;
      readonly by: 'offset';
      /** As the first eight digits of Volume.partitionUuid. */
      readonly diskSignature: string;
      readonly offsetBytes: number;
    };

/** Names of values that are letters begin with this: "\DosDevices\C:". */
const prefix = '\\DosDevices\\';

/**
 * Reads the drive letters of a Windows system from its registry: HKLM\SYSTEM\MountedDevices, which is in the file
 * Windows/System32/config/SYSTEM. Letters of discs, sticks and network drives are left out.
 * @param hive - content of that file, hostile; stays the caller's to close
 * @returns them in the order of the file; empty when it is no hive or has no such key
 */
export async function readDriveLetters(hive: ReadableDisk): Promise<readonly DriveLetter[]> {
  const cells = new HiveCells(hive);
  const rootPlace = await cells.root();
  const root = rootPlace === undefined ? undefined : await readKey(cells, rootPlace);
  const key = root && (await findKey(cells, root, 'MountedDevices'));
  const letters: DriveLetter[] = [];
  if (key === undefined) return letters;
  for await (const value of valuesOf(cells, key)) {
    const letter = driveLetter(value);
    if (letter !== undefined) letters.push(letter);
  }
  return letters;
}

/**
 * | length | data |
 * |---|---|
 * | 24 | "DMIO:ID:", GUID of the partition |
 * | 12 | signature of the disk (4), offset of the partition (8) |
 */
function driveLetter({ name, data }: HiveValue): DriveLetter | undefined {
  const letter = name.slice(prefix.length);
  if (!name.startsWith(prefix) || !/^[A-Z]:$/.test(letter)) return undefined;
  if (data.length === 24 && Buffer.from(data).toString('latin1', 0, 8) === 'DMIO:ID:') {
    return { letter, by: 'partition-uuid', value: guidText(data.subarray(8)) };
  }
  const offsetBytes = data.length === 12 ? u64le(data, 4) : NaN;
  if (!Number.isSafeInteger(offsetBytes)) return undefined;
  const diskSignature = u32le(data, 0).toString(16).padStart(8, '0');
  return { letter, by: 'offset', diskSignature, offsetBytes };
}

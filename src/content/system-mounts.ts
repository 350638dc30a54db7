import { isSecondwindError } from '../base/errors.ts';
import { systemTableBytesMax } from '../base/limits.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { type DriveLetter, readDriveLetters } from '../filesystem/drive-letters.ts';
import type { FileSystem } from '../filesystem/file-system.ts';
import { type MountPoint, readFstab, type VolumeReference } from '../filesystem/mount-points.ts';
import { decodeName } from '../filesystem/name-text.ts';
import type { Volume } from '../filesystem/volume.ts';
import { FileTree, type Mount } from './file-tree.ts';
import { pathComponents } from './path-text.ts';

/** A volume with the file system in it. */
export interface ReadVolume {
  readonly volume: Volume;
  readonly fileSystem: FileSystem;
}

/** Where a system keeps what volumes it shows under which letters. */
const hivePath = '/Windows/System32/config/SYSTEM';

/**
 * Puts volumes where the system on them shows them: at the mount points of its fstab, or under the drive letters of its registry.
 * @param volumes - of one machine
 * @returns undefined when there is no such system; volumes that it does not show are left out
 */
export async function systemMounts(
  volumes: readonly ReadVolume[],
): Promise<readonly Mount[] | undefined> {
  for (const found of volumes) {
    const mounts = (await linuxMounts(found, volumes)) ?? (await windowsMounts(found, volumes));
    if (mounts !== undefined) return mounts;
  }
  return undefined;
}

async function linuxMounts(
  root: ReadVolume,
  volumes: readonly ReadVolume[],
): Promise<readonly Mount[] | undefined> {
  const table = await contentAt(root, '/etc/fstab', textOf);
  if (table === undefined) return undefined;
  const points = readFstab(table).filter(isWholeVolume);
  const mounts = new Map<string, Mount>([['', mountOf([], root)]]);
  for (const { path, volume } of points) {
    const shown = volumes.find((each) => each !== root && isMeant(each, volume));
    const components = pathComponents(path);
    if (shown === undefined || components.includes('..')) continue;
    // The system that has the table is its own root, whatever other one the table names.
    if (components.length > 0) mounts.set(components.join('\0'), mountOf(components, shown));
  }
  return [...mounts.values()];
}

/** Which part of a btrfs is meant cannot be said by its volume alone. */
function isWholeVolume({ kind, options }: MountPoint): boolean {
  return kind !== 'btrfs' || !options.some((option) => option.startsWith('subvol'));
}

function isMeant({ volume, fileSystem }: ReadVolume, reference: VolumeReference): boolean {
  const isSame = (value: string): boolean => value.toLowerCase() === reference.value.toLowerCase();
  switch (reference.by) {
    case 'uuid':
      return isSame(fileSystem.summary.uuid);
    case 'label':
      return fileSystem.summary.label === reference.value;
    case 'partition-uuid':
      return isSame(volume.partitionUuid);
    case 'partition-label':
      return volume.label === reference.value;
    case 'logical-volume':
      return volume.address === reference.value;
    case 'device':
      // Names of devices differ from start to start, and from disk names here.
      return false;
  }
}

async function windowsMounts(
  root: ReadVolume,
  volumes: readonly ReadVolume[],
): Promise<readonly Mount[] | undefined> {
  const letters = await contentAt(root, hivePath, readDriveLetters);
  if (letters === undefined || letters.length === 0) return undefined;
  const mounts = letters.flatMap((letter) => {
    const shown = volumes.find((each) => isLettered(each, letter));
    const name = letter.letter.replace(/:?$/, ':').toUpperCase();
    return shown === undefined ? [] : [mountOf([name], shown)];
  });
  return mounts.length === 0 ? undefined : mounts;
}

function isLettered({ volume }: ReadVolume, letter: DriveLetter): boolean {
  const uuid = volume.partitionUuid.toLowerCase();
  if (letter.by === 'partition-uuid') return uuid === letter.value.toLowerCase();
  const start = volume.spans[0]?.stripes[0]?.offsetBytes;
  return uuid.slice(0, 8) === letter.diskSignature.toLowerCase() && start === letter.offsetBytes;
}

function mountOf(path: readonly string[], { volume, fileSystem }: ReadVolume): Mount {
  return { path, fileSystem, volume: volume.address };
}

/** What is not there, damaged or too long tells nothing. */
async function contentAt<Answer>(
  { volume, fileSystem }: ReadVolume,
  path: string,
  use: (content: ReadableDisk) => Promise<Answer>,
): Promise<Answer | undefined> {
  const mounts = [mountOf([], { volume, fileSystem })];
  const tree = new FileTree({ name: volume.address, mounts, linksBeginAt: 'tree' });
  try {
    const { status } = await tree.resolve(path);
    const content = await fileSystem.open(status.id);
    try {
      return content.sizeBytes > systemTableBytesMax ? undefined : await use(content);
    } finally {
      await content.close();
    }
  } catch (error) {
    const isTelling =
      isSecondwindError(error, 'NO_SUCH_FILE') ||
      isSecondwindError(error, 'NOT_A_DIRECTORY') ||
      isSecondwindError(error, 'NOT_A_FILE') ||
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE') ||
      isSecondwindError(error, 'FILE_SYSTEM_DAMAGED');
    if (!isTelling) throw error;
    return undefined;
  }
}

async function textOf(content: ReadableDisk): Promise<string> {
  const bytes = new Uint8Array(content.sizeBytes);
  await content.read(bytes, 0);
  return decodeName(bytes);
}

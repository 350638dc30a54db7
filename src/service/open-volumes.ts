import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import { FileTree, type Mount } from '../content/file-tree.ts';
import { type ReadVolume, systemMounts } from '../content/system-mounts.ts';
import type { FileSystem } from '../filesystem/file-system.ts';
import { findVolumes } from '../filesystem/find-volumes.ts';
import { openFileSystem } from '../filesystem/open-file-system.ts';
import { cannotLookInside } from '../filesystem/refusals.ts';
import type { Volume } from '../filesystem/volume.ts';
import type { View } from '../repository/index.ts';
import type { FilePlace } from './file-place.ts';

/** A volume, and the file system in it. */
export interface OpenedVolume {
  /** Where it lies, and how it is addressed. */
  readonly volume: Volume;
  /** What it holds; undefined when that cannot be read. */
  readonly fileSystem: FileSystem | undefined;
  /** Why it cannot be read. */
  readonly refusal: SecondwindError | undefined;
}

/**
 * Finds the volumes of some disks and opens what they hold.
 * @param place - what was asked for; of a single volume only that one is opened
 * @param views - the disks at one moment
 * @throws NOT_FOUND when there is no such volume; what reading the disks throws
 */
export async function openVolumes(
  place: FilePlace,
  views: readonly View[],
): Promise<readonly OpenedVolume[]> {
  const found = await findVolumes(views.map((view) => ({ name: view.name.disk, disk: view })));
  const wanted =
    place.volume === undefined ? found : found.filter(({ address }) => address === place.volume);
  if (wanted.length === 0 && place.volume !== undefined) {
    throw new SecondwindError('NOT_FOUND', { what: 'volume', name: place.text });
  }
  const opened: OpenedVolume[] = [];
  for (const volume of wanted) opened.push(await openVolume(volume));
  return opened;
}

async function openVolume(volume: Volume): Promise<OpenedVolume> {
  const refuse = (refusal: SecondwindError): OpenedVolume => ({
    volume,
    fileSystem: undefined,
    refusal,
  });
  if (volume.refusal !== undefined) return refuse(cannotLookInside(volume.address, volume.refusal));
  try {
    const fileSystem = await openFileSystem(volume.disk);
    if (fileSystem !== undefined) return { volume, fileSystem, refusal: undefined };
    return refuse(cannotLookInside(volume.address, 'it holds no file system that is known here'));
  } catch (error) {
    const isRefusal =
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE') ||
      isSecondwindError(error, 'FILE_SYSTEM_DAMAGED');
    if (!isRefusal) throw error;
    return refuse(error);
  }
}

/**
 * Puts the volumes of a place together to one tree of paths. Of a whole machine it is the one that its
 * system shows, where that can be found out; else a single file system is the root, and several lie below their names.
 * @param place - what was asked for
 * @param volumes - see openVolumes
 * @throws CANNOT_LOOK_INSIDE, FILE_SYSTEM_DAMAGED when none of them can be read
 */
export async function treeOf(
  place: FilePlace,
  volumes: readonly OpenedVolume[],
): Promise<{ readonly tree: FileTree; readonly notes: readonly string[] }> {
  const readable = volumes.flatMap(({ volume, fileSystem }) =>
    fileSystem === undefined ? [] : [{ volume, fileSystem }],
  );
  const refusals = volumes.flatMap(({ refusal }) => refusal ?? []);
  const notes = refusals.map(({ message }) => message);
  if (readable.length === 0)
    throw refusals[0] ?? cannotLookInside(place.text, 'it holds no volume');
  const isMachine = place.text === place.machine;
  const shown = isMachine ? await systemMounts(readable) : undefined;
  if (shown !== undefined) {
    const tree = new FileTree({ name: place.text, mounts: shown, linksBeginAt: 'tree' });
    return { tree, notes: [...notes, ...hiddenNotes(place, readable, shown)] };
  }
  const mounts: Mount[] = readable.map(({ volume: { address }, fileSystem }) => ({
    volume: address,
    fileSystem,
    path: readable.length === 1 ? [] : address.split('/'),
  }));
  return { tree: new FileTree({ name: place.text, mounts, linksBeginAt: 'mount' }), notes };
}

function hiddenNotes(
  { machine }: FilePlace,
  readable: readonly ReadVolume[],
  shown: readonly Mount[],
): string[] {
  return readable
    .filter(({ fileSystem }) => !shown.some((mount) => mount.fileSystem === fileSystem))
    .map(
      ({ volume }) =>
        `its system does not show ${volume.address}; see ${machine}/${volume.address}`,
    );
}

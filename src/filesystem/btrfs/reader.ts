import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { decodeName } from '../name-text.ts';
import { BtrfsFileSystem } from './btrfs-file-system.ts';
import { Forest } from './forest.ts';
import { itemTypes, objects } from './key.ts';
import { replayLog } from './log/replay-log.ts';
import { decodeNamedItems, nameHash } from './named-item.ts';
import { type OpenedVolume, openVolume } from './open-volume.ts';

const magic = '_BHRfS_M';
const magicOffset = 65_536 + 64;

/** Reads btrfs on one device. */
export const btrfsReader: FileSystemReader = {
  kinds: ['btrfs'],
  recognises: (head) =>
    Buffer.from(head.subarray(magicOffset, magicOffset + magic.length)).toString('latin1') ===
    magic,
  open,
};

async function open(disk: ReadableDisk): Promise<FileSystem> {
  const opened = await openVolume(disk);
  const forest = new Forest(opened.volume);
  const log = await replayLog(forest);
  const summary = summaryOf(disk, opened, [...log.notes, ...(await notesOf(forest))]);
  return new BtrfsFileSystem(forest, { ...summary, isUnclean: log.isUnclean });
}

function summaryOf(
  disk: ReadableDisk,
  { volume, notes }: OpenedVolume,
  more: readonly string[],
): FileSystemSummary {
  const { label, uuid, totalBytes, usedBytes, sectorBytes } = volume.superblock;
  return {
    kind: 'btrfs',
    label,
    uuid,
    sizeBytes: Math.min(totalBytes, disk.sizeBytes),
    blockBytes: sectorBytes,
    freeBytes: Math.max(0, totalBytes - usedBytes),
    notes: [...notes, ...more],
  };
}

async function notesOf(forest: Forest): Promise<readonly string[]> {
  const { deviceCount } = forest.volume.superblock;
  const notes: string[] = [];
  if (deviceCount > 1)
    notes.push(
      `it lies on ${deviceCount} devices, of which this is one; what is not mirrored here cannot be read`,
    );
  const shown = await defaultSubvolume(forest);
  if (shown !== undefined && shown !== objects.topLevel)
    notes.push(`a mount shows subvolume ${shown}; here the top level is the root`);
  return notes;
}

/** The root tree has a directory of its own, with one name. */
async function defaultSubvolume(forest: Forest): Promise<number | undefined> {
  const offset = nameHash(Buffer.from('default'));
  const key = { object: objects.defaultDirectory, type: itemTypes.nameByHash, offset };
  const bytes = await forest.rootTree.find(key);
  const names = bytes === undefined ? [] : (decodeNamedItems(bytes) ?? []);
  return names.find(({ name }) => decodeName(name) === 'default')?.location.object;
}

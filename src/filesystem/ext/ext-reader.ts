import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { cannotLookInside } from '../refusals.ts';
import { ExtFileSystem } from './ext-file-system.ts';
import { ExtVolume } from './ext-volume.ts';
import { compatible, incompatible, whyUnreadable } from './features.ts';
import { recoverVolume } from './journal/recover-volume.ts';
import { type FoundSuperblock, readSuperblock } from './read-superblock.ts';
import {
  decodeSuperblock,
  type ExtSuperblock,
  isSuperblock,
  superblockBytes,
  superblockFault,
  superblockOffsetBytes,
} from './superblock.ts';

/** Reads ext2, ext3 and ext4. */
export const extReader: FileSystemReader = {
  kinds: ['ext2', 'ext3', 'ext4'],
  recognises: (head) => isSuperblock(head.subarray(superblockOffsetBytes)),
  open: openExt,
};

async function openExt(disk: ReadableDisk): Promise<FileSystem> {
  const found = await readSuperblock(disk);
  assertReadable(found.superblock);
  const before = new ExtVolume(disk, found.superblock);
  const recovered = needsRecovery(found) ? await recoverVolume(before) : undefined;
  const volume = recovered === undefined ? before : await afterJournal(before, recovered.disk);
  const notes = [found.note ?? [], recovered?.notes ?? [], stateNotes(found.superblock)].flat();
  return new ExtFileSystem(volume, {
    summary: summaryOf(volume, notes),
    check: recovered?.check ?? (() => []),
    isPartial: recovered?.isPartial ?? false,
    doubt: doubtOf(found, volume.superblock, recovered?.isPartial ?? false),
    replayed: recovered?.replayed ?? [],
  });
}

/** @throws CANNOT_LOOK_INSIDE for features that are not understood */
function assertReadable(superblock: ExtSuperblock): void {
  const reason = whyUnreadable(superblock);
  if (reason !== undefined) throw cannotLookInside('the volume', reason);
}

/** Copies of the superblock do not say whether the journal is to be replayed; then the journal itself decides. */
function needsRecovery({ superblock, note }: FoundSuperblock): boolean {
  const hasJournal = (superblock.compatible & compatible.hasJournal) !== 0;
  const isNeeded = (superblock.incompatible & incompatible.needsRecovery) !== 0;
  return hasJournal && (isNeeded || note !== undefined);
}

/** The journal may hold a newer superblock. */
async function afterJournal(before: ExtVolume, disk: ReadableDisk): Promise<ExtVolume> {
  const bytes = new Uint8Array(superblockBytes);
  await disk.read(bytes, superblockOffsetBytes);
  const isSound = superblockFault(bytes) === undefined;
  const superblock = isSound ? decodeSuperblock(bytes) : before.superblock;
  assertReadable(superblock);
  return new ExtVolume(disk, superblock);
}

function stateNotes({ hasErrors, wasUnmounted }: ExtSuperblock): string[] {
  const notes: string[] = [];
  if (!wasUnmounted) notes.push('it was not cleanly unmounted');
  if (hasErrors) notes.push('its system has noted errors in it');
  return notes;
}

/** After its journal a volume is as its system will find it, unless that has noted errors, or there is more to the journal than is read. */
function doubtOf(
  { note }: FoundSuperblock,
  { hasErrors, kind, wasUnmounted }: ExtSuperblock,
  isPartial: boolean,
): string | undefined {
  if (isPartial) return 'its journal was not replayed whole';
  if (hasErrors) return 'its system has noted errors in it';
  if (kind === 'ext2' && !wasUnmounted) return 'it was not cleanly unmounted and has no journal';
  return note;
}

function summaryOf(volume: ExtVolume, notes: readonly string[]): FileSystemSummary {
  const { kind, label, uuid, blockBytes, freeBlockCount } = volume.superblock;
  const sizeBytes = volume.blockCount * blockBytes;
  const freeBytes = Math.min(freeBlockCount * blockBytes, sizeBytes);
  const isUnclean = kind === 'ext2' && !volume.superblock.wasUnmounted;
  return { kind, label, uuid, sizeBytes, blockBytes, freeBytes, notes, isUnclean };
}

import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { cannotLookInside } from '../refusals.ts';
import { decodeChunk } from './chunk.ts';
import { endKey, itemTypes, keyAt, keyBytes } from './key.ts';
import { itemBytes, nodeKey } from './node.ts';
import {
  type BtrfsSuperblock,
  decodeSuperblock,
  type SuperblockFault,
  superblockBytes,
  superblockOffsets,
} from './superblock.ts';
import { BtrfsTree } from './tree.ts';
import { BtrfsVolume } from './volume.ts';

/** A volume, and what should be known about how it was opened. */
export interface OpenedVolume {
  readonly volume: BtrfsVolume;
  readonly notes: readonly string[];
}

/**
 * Opens a volume by the newest of its superblocks that is sound, and learns its address space.
 * @param disk - what is read; stays its owner's
 * @throws FILE_SYSTEM_DAMAGED, CANNOT_LOOK_INSIDE
 */
export async function openVolume(disk: ReadableDisk): Promise<OpenedVolume> {
  const { superblock, notes } = await newestSuperblock(disk);
  const volume = new BtrfsVolume(disk, superblock);
  addSystemChunks(volume);
  await addChunks(volume);
  return { volume, notes };
}

async function newestSuperblock(
  disk: ReadableDisk,
): Promise<{ readonly superblock: BtrfsSuperblock; readonly notes: readonly string[] }> {
  const copies = await superblocksOf(disk);
  const unknown = copies.find(({ found }) => 'fault' in found && found.fault === 'unknown');
  const sound = copies.flatMap(({ found }) => ('fault' in found ? [] : [found]));
  const newest = sound.toSorted((left, right) => right.generation - left.generation)[0];
  if (newest !== undefined) return { superblock: newest, notes: notesOf(copies) };
  if (unknown !== undefined && 'fault' in unknown.found)
    throw cannotLookInside('the volume', unknown.found.reason);
  const first = copies[0];
  const reason =
    first !== undefined && 'fault' in first.found ? first.found.reason : 'there is none';
  const [offsetBytes] = superblockOffsets;
  throw damagedFileSystem({
    kind: 'btrfs',
    structure: 'superblock',
    offsetBytes: offsetBytes!,
    reason,
  });
}

interface SuperblockCopy {
  readonly offsetBytes: number;
  readonly found: BtrfsSuperblock | SuperblockFault;
}

/**
 * Reads all copies of the superblock that have their place on a volume.
 * @param disk - the volume
 */
export async function superblocksOf(disk: ReadableDisk): Promise<readonly SuperblockCopy[]> {
  const copies: SuperblockCopy[] = [];
  for (const offsetBytes of superblockOffsets) {
    if (offsetBytes + superblockBytes > disk.sizeBytes) break;
    const bytes = new Uint8Array(superblockBytes);
    await disk.read(bytes, offsetBytes);
    copies.push({ offsetBytes, found: decodeSuperblock(bytes, offsetBytes) });
  }
  return copies;
}

function notesOf(copies: readonly SuperblockCopy[]): readonly string[] {
  const first = copies[0];
  if (first === undefined || !('fault' in first.found)) return [];
  return [`its first superblock is damaged (${first.found.reason}); a copy was used`];
}

/**
 * The chunks that hold the tree of chunks stand in the superblock, or nothing could begin.
 * @throws FILE_SYSTEM_DAMAGED
 */
function addSystemChunks(volume: BtrfsVolume): void {
  const { systemChunks, device } = volume.superblock;
  for (let at = 0; at < systemChunks.length; ) {
    const place = { structure: 'system chunks', offsetBytes: superblockOffsets[0]! };
    if (at + keyBytes > systemChunks.length) throw volume.damage(place, 'they are cut off');
    const { type, offset } = keyAt(systemChunks, at);
    const chunk = decodeChunk(systemChunks.subarray(at + keyBytes), offset, device);
    if (typeof chunk === 'string' || type !== itemTypes.chunk)
      throw volume.damage(place, typeof chunk === 'string' ? chunk : `one is of type ${type}`);
    volume.chunks.add(chunk);
    at += keyBytes + chunk.itemBytes;
  }
}

/** Chunks are added when all are read: what leads to them lies in the system chunks. */
async function addChunks(volume: BtrfsVolume): Promise<void> {
  const tree = new BtrfsTree(volume, volume.superblock.chunkTree);
  const found = [];
  for await (const { leaf, first, end } of tree.items({ object: 0, type: 0, offset: 0 }, endKey)) {
    for (let index = first; index < end; index += 1) {
      const { type, offset } = nodeKey(leaf, index);
      if (type !== itemTypes.chunk) continue;
      const chunk = decodeChunk(itemBytes(leaf, index), offset, volume.superblock.device);
      if (typeof chunk === 'string') throw tree.damageAt(leaf, `a chunk: ${chunk}`);
      found.push(chunk);
    }
  }
  for (const chunk of found)
    if (!volume.chunks.add(chunk))
      throw cannotLookInside('the volume', 'it has more chunks than can be kept in memory');
}

import { isSecondwindError } from '../../base/errors.ts';
import type { RangeOwner } from '../file-system.ts';
import type { ExtVolume } from './ext-volume.ts';
import { fileBlocks } from './file-blocks.ts';
import { kindOfInode } from './file-status.ts';
import { groupMetadata } from './group-metadata.ts';
import { type ExtInode, inodeFlags } from './inode.ts';
import { batchMax } from './limits.ts';
import { NumberSet } from './number-set.ts';
import { scanInodes } from './scan-inodes.ts';

/** What the inodes are for that are no file's. */
const reservedUses: Readonly<Record<number, string>> = {
  1: 'bad blocks',
  3: 'quota',
  4: 'quota',
  5: 'boot loader',
  7: 'reserved group descriptors',
  8: 'journal',
};
const firstFileInode = 11;
const rootInode = 2;

/**
 * Who owns what of a volume: the file system's own metadata, then file by file. What is damaged is left out.
 * @param volume - to be looked at
 */
export async function* rangeOwners(volume: ExtVolume): AsyncGenerator<readonly RangeOwner[]> {
  yield* metadataOwners(volume);
  const maps = new NumberSet();
  let batch: RangeOwner[] = [];
  for await (const inodes of scanInodes(volume, ignoreDamage)) {
    for (const inode of inodes) {
      for await (const owners of inodeOwners(volume, inode, maps)) {
        for (const owner of owners) batch.push(owner);
        if (batch.length < batchMax) continue;
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

async function* metadataOwners(volume: ExtVolume): AsyncGenerator<readonly RangeOwner[]> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    try {
      const pieces = await groupMetadata(volume, group);
      yield pieces.flatMap(({ block, blockCount, use }) =>
        owned(volume, { block, blockCount, use }),
      );
    } catch (error) {
      ignoreDamage(error);
    }
  }
}

interface OwnedRun {
  readonly block: number;
  readonly blockCount: number;
  readonly use: string;
  readonly id?: string | undefined;
}

/** Cut off where the volume ends; a damaged descriptor may not be noticed where it has no checksum. */
function owned(volume: ExtVolume, { block, blockCount, use, id }: OwnedRun): RangeOwner[] {
  const { blockBytes } = volume.superblock;
  const count = Math.min(block + blockCount, volume.blockCount) - block;
  if (count <= 0) return [];
  const range = { offsetBytes: block * blockBytes, lengthBytes: count * blockBytes };
  return [id === undefined ? { ...range, use } : { ...range, use, id }];
}

/** A block of a map belongs to one file; were it followed for each that names it, hostile ones could name it without end. */
async function* inodeOwners(
  volume: ExtVolume,
  inode: ExtInode,
  maps: NumberSet,
): AsyncGenerator<readonly RangeOwner[]> {
  const { content, id } = useOf(volume, inode);
  try {
    volume.soundInode(inode);
    if (inode.attributeBlock !== 0) {
      const run = { block: inode.attributeBlock, blockCount: 1, use: 'attributes', id };
      yield owned(volume, run);
    }
    for await (const batch of fileBlocks(volume, inode)) {
      if (batch.some(({ isMap, block }) => isMap && !maps.add(block))) return;
      yield batch.flatMap(({ block, blockCount, isMap }) =>
        owned(volume, { block, blockCount, use: isMap ? 'extent tree' : content, id }),
      );
    }
  } catch (error) {
    ignoreDamage(error);
  }
}

/** A block of attributes may be shared; the file is named all the same, as one of those that it matters to. */
function useOf(
  volume: ExtVolume,
  inode: ExtInode,
): { readonly content: string; readonly id?: string | undefined } {
  const { number } = inode;
  if (number === volume.superblock.journalInode) return { content: 'journal' };
  if (number === volume.superblock.orphanFileInode) return { content: 'orphan file' };
  if (number < firstFileInode && number !== rootInode) {
    return { content: reservedUses[number] ?? 'reserved inode' };
  }
  if ((inode.flags & inodeFlags.holdsAttribute) !== 0) return { content: 'attribute value' };
  return {
    content: kindOfInode(inode) === 'directory' ? 'directory' : 'content',
    id: String(number),
  };
}

function ignoreDamage(error: unknown): void {
  if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
}

import { findingOf } from '../damage.ts';
import type { Finding, RangeOwner } from '../file-system.ts';
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
 * @param onFinding - hears what is damaged
 */
export async function* rangeOwners(
  volume: ExtVolume,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly RangeOwner[]> {
  const search: OwnerSearch = {
    volume,
    maps: new NumberSet(),
    onDamage: (error) => {
      onFinding(findingOf(error, 'inode'));
    },
  };
  yield* metadataOwners(search);
  let batch: RangeOwner[] = [];
  for await (const inodes of scanInodes(volume, search.onDamage)) {
    for (const inode of inodes) {
      for await (const owners of inodeOwners(search, inode)) {
        for (const owner of owners) batch.push(owner);
        if (batch.length < batchMax) continue;
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

interface OwnerSearch {
  readonly volume: ExtVolume;
  /** Blocks of maps that were followed. */
  readonly maps: NumberSet;
  /** Throws on what is no damage of the file system. */
  readonly onDamage: (error: unknown) => void;
}

async function* metadataOwners({
  volume,
  onDamage,
}: OwnerSearch): AsyncGenerator<readonly RangeOwner[]> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    try {
      const pieces = await groupMetadata(volume, group);
      yield pieces.flatMap(({ block, blockCount, use }) =>
        owned(volume, { block, blockCount, use }),
      );
    } catch (error) {
      onDamage(error);
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
  { volume, maps, onDamage }: OwnerSearch,
  inode: ExtInode,
): AsyncGenerator<readonly RangeOwner[]> {
  const { content, id } = useOf(volume, inode);
  try {
    volume.soundInode(inode);
    if (inode.attributeBlock !== 0) {
      const run = { block: inode.attributeBlock, blockCount: 1, use: 'attributes', id };
      yield owned(volume, run);
    }
    for await (const batch of fileBlocks(volume, inode)) {
      const again = batch.find(({ isMap, block }) => isMap && !maps.add(block));
      if (again !== undefined)
        throw volume.damaged(
          `inode ${inode.number}`,
          again.block * volume.superblock.blockBytes,
          'its map has a block of another map',
        );
      yield batch.flatMap(({ block, blockCount, isMap }) =>
        owned(volume, { block, blockCount, use: isMap ? 'extent tree' : content, id }),
      );
    }
  } catch (error) {
    onDamage(error);
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

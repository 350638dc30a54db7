import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { u32le } from '../integers.ts';
import {
  type AttributeEntry,
  attributeMagic,
  decodeAttributeEntries,
} from './attribute-entries.ts';
import { checksumOfBlockNumber, checksumWithout } from './checksum.ts';
import type { ExtVolume } from './ext-volume.ts';
import type { ExtInode } from './inode.ts';

const noEntries: readonly AttributeEntry[] = [];

/** Head of a block of attributes: magic, holders, blocks, hash, checksum at 16; entries begin at 32. */
const blockHeadBytes = 32;
const checksumField = { at: 16, lengthBytes: 4 } as const;

/**
 * The attributes that lie in an inode itself, behind its fields.
 * @param volume - the inode's
 * @param inode - a sound one
 * @throws FILE_SYSTEM_DAMAGED
 */
export function attributesInInode(volume: ExtVolume, inode: ExtInode): readonly AttributeEntry[] {
  const { raw, extraBytes } = inode;
  const start = 128 + extraBytes;
  if (extraBytes === 0 || start + 4 > raw.length || u32le(raw, start) !== attributeMagic) {
    return noEntries;
  }
  const entries = decodeAttributeEntries({ bytes: raw.subarray(start + 4), start: 0 });
  if (typeof entries !== 'string') return entries;
  throw volume.damaged(`inode ${inode.number}, attributes`, inode.offsetBytes + start, entries);
}

/**
 * The attributes that lie in a block of their own, which several files may share.
 * @param volume - the inode's
 * @param inode - a sound one
 * @throws FILE_SYSTEM_DAMAGED
 */
export function attributesInBlock(
  volume: ExtVolume,
  inode: ExtInode,
): Awaitable<readonly AttributeEntry[]> {
  const { attributeBlock } = inode;
  if (attributeBlock === 0) return noEntries;
  const structure = `inode ${inode.number}, attribute block`;
  return andThen(volume.block(attributeBlock, structure), (bytes) => {
    const entries =
      blockFault(volume, attributeBlock, bytes) ??
      decodeAttributeEntries({ bytes, start: blockHeadBytes });
    if (typeof entries !== 'string') return entries;
    throw volume.damaged(structure, attributeBlock * volume.superblock.blockBytes, entries);
  });
}

function blockFault(volume: ExtVolume, number: number, bytes: Uint8Array): string | undefined {
  if (u32le(bytes, 0) !== attributeMagic) return 'it has no magic number';
  const { superblock } = volume;
  if (!superblock.hasChecksums) return undefined;
  const seed = checksumOfBlockNumber(superblock.checksumSeed, number);
  const isRight = checksumWithout(seed, bytes, checksumField) === u32le(bytes, checksumField.at);
  return isRight ? undefined : 'its checksum does not fit';
}

import { hasGoodChecksum } from './checksum.ts';
import type { ForkMap } from './fork-map.ts';
import type { XfsVolume } from './volume.ts';

/** A block inside a fork: of a directory, or of attributes. */
export interface ForkBlockPlace {
  /** For errors: "inode 17, directory". */
  readonly structure: string;
  /** First block in the fork. */
  readonly fileBlock: number;
  /** Its length, bytes: one or more blocks of the file system. */
  readonly lengthBytes: number;
  /** Where its checksum lies in it, bytes. */
  readonly checksumOffset: number;
}

/** The bytes of a block inside a fork, and where it begins. */
export interface ForkBlock {
  /** Borrowed. */
  readonly bytes: Uint8Array;
  /** Where its first byte lies on the volume, bytes. */
  readonly offsetBytes: number;
}

/**
 * Reads a block inside a fork, its checksum verified. Directory blocks of several file system blocks may lie in pieces.
 * @param volume - the volume
 * @param map - where the fork lies
 * @param place - see ForkBlockPlace
 * @throws FILE_SYSTEM_DAMAGED also when it is a hole
 */
export async function readForkBlock(
  volume: XfsVolume,
  map: ForkMap,
  place: ForkBlockPlace,
): Promise<ForkBlock> {
  const pieces = await piecesOf(volume, map, place);
  const first = pieces[0]!;
  const { structure, checksumOffset } = place;
  if (pieces.length === 1)
    return { ...first, bytes: await volume.checked({ ...first, structure, checksumOffset }) };
  const bytes = new Uint8Array(place.lengthBytes);
  let done = 0;
  for (const piece of pieces) {
    bytes.set(await volume.bytes({ ...piece, structure }), done);
    done += piece.lengthBytes;
  }
  if (volume.isVersion5 && !hasGoodChecksum(bytes, checksumOffset))
    throw volume.damage({ ...first, structure }, 'its checksum does not fit');
  return { bytes, offsetBytes: first.offsetBytes };
}

async function piecesOf(volume: XfsVolume, map: ForkMap, place: ForkBlockPlace) {
  const { blockBytes } = volume.superblock;
  const pieces: { offsetBytes: number; lengthBytes: number }[] = [];
  const endBlock = place.fileBlock + place.lengthBytes / blockBytes;
  for (let at = place.fileBlock; at < endBlock; ) {
    const found = map.extentAt(at);
    const extent = found instanceof Promise ? await found : found;
    if (extent === undefined)
      throw volume.damage({ ...place, offsetBytes: 0 }, `its block ${at} is a hole`);
    const skip = at - extent.fileBlock;
    const blockCount = Math.min(endBlock - at, extent.blockCount - skip);
    pieces.push({
      offsetBytes: volume.blockOffset(extent.block + skip, place.structure, blockCount),
      lengthBytes: blockCount * blockBytes,
    });
    at += blockCount;
  }
  return pieces;
}

import { crc32 } from 'node:zlib';
import { blockBytes, chunkBlocksMax, chunkBlocksMin, regionBlocks } from '../base/limits.ts';
import { isZeroBlock } from './zero-block.ts';

/** Blocks that follow each other on a disk and in memory. */
export interface CutRun {
  /** Memory that they lie in. */
  readonly bytes: Buffer;
  /** Where they begin there, bytes. */
  readonly offsetBytes: number;
  readonly blockCount: number;
  /** Number of the first on the disk. */
  readonly firstBlock: number;
}

/** What a run begins with: a chunk, or zeroes. */
export interface CutPiece {
  readonly blockCount: number;
  readonly isZero: boolean;
}

/**
 * A cut falls behind a block whose CRC-32 is divisible by this, so a chunk averages 8 blocks (32 KiB). Looking only at
 * the block before the cut makes cuts move with the content; looking only at block boundaries makes it cheap.
 */
const cutDivisor = 7;

/**
 * Finds the next piece of a run. No chunk crosses the border of a region: a later comparison, which goes region by region,
 * then needs only its name.
 * @param run - see CutRun
 * @param block - where the piece begins, blocks from the start of the run
 */
export function nextPiece(run: CutRun, block: number): CutPiece {
  const zeroes = zeroBlocksAt(run, block);
  if (zeroes > 0) return { blockCount: zeroes, isZero: true };
  const toBorder = regionBlocks - ((run.firstBlock + block) % regionBlocks);
  const end = Math.min(run.blockCount, block + toBorder);
  return { blockCount: chunkBlocksAt(run, block, end), isZero: false };
}

function zeroBlocksAt({ bytes, offsetBytes, blockCount }: CutRun, firstBlock: number): number {
  let block = firstBlock;
  while (block < blockCount && isZeroBlock(bytes, offsetBytes + block * blockBytes)) block++;
  return block - firstBlock;
}

function chunkBlocksAt(
  { bytes, offsetBytes }: CutRun,
  firstBlock: number,
  endBlock: number,
): number {
  const end = Math.min(endBlock, firstBlock + chunkBlocksMax);
  for (let block = firstBlock; block < end; block++) {
    const length = block - firstBlock;
    const at = offsetBytes + block * blockBytes;
    if (length > 0 && isZeroBlock(bytes, at)) return length;
    if (length + 1 < chunkBlocksMin) continue;
    if (crc32(bytes.subarray(at, at + blockBytes)) % cutDivisor === 0) return length + 1;
  }
  return end - firstBlock;
}

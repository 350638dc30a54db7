import { u32be } from '../integers.ts';
import type { XfsVolume } from './volume.ts';

/** What the log says about how the volume was left. */
export type LogState =
  /** It ends with the record of a clean unmount. */
  | 'clean'
  /** It holds changes that may not have reached their places. */
  | 'dirty'
  /** It lies on another device. */
  | 'elsewhere';

/** Bytes of a block of the log, whatever the sectors are. */
const logBlockBytes = 512;
const recordMagic = 0xfeedbabe;
/** Bit of an operation's flags: this is the record of an unmount. */
const unmountFlag = 0x20;
/** Blocks that a record may take: 256 KiB and its heads. */
const recordBlocksMax = 512 + 16;

/**
 * Finds out how a volume was left, from the end of its log. Each block of the log begins with the number of the round in which it was
 * written, or with a magic number and then the round: where the round falls by one is the end.
 *
 * | offset | size | field of the head of a record |
 * |---|---|---|
 * | 0 | 4 × 2 | magic, round |
 * | 8 | 4 × 2 | version, bytes behind the heads |
 * | 40 | 4 | operations |
 * | 44 | 4 × 64 | first words of the blocks behind, where rounds stand instead |
 * | 320 | 4 | bytes that a record may have: above 32 KiB there are more heads |
 *
 * An operation begins: transaction 4, bytes 4, client 1, flags 1.
 * @param volume - the volume
 * @throws FILE_SYSTEM_DAMAGED when the log does not lie on the volume
 * @source XFS Algorithms & Data Structures, "Journaling Log"; Linux fs/xfs/libxfs/xfs_log_format.h, struct xlog_rec_header
 */
export async function readLogState(volume: XfsVolume): Promise<LogState> {
  if (volume.superblock.logBlock === 0) return 'elsewhere';
  const log = new LogBlocks(volume);
  const end = await log.end();
  for (let back = 1; back <= Math.min(recordBlocksMax, log.count); back += 1) {
    const at = (end - back + log.count) % log.count;
    const head = await log.block(at);
    if (u32be(head, 0) === recordMagic)
      return (await log.isUnmount(head, at, back)) ? 'clean' : 'dirty';
  }
  return 'dirty';
}

/** The blocks of a log, counted in units of 512 bytes. */
class LogBlocks {
  readonly count: number;
  readonly #volume: XfsVolume;
  readonly #offsetBytes: number;

  constructor(volume: XfsVolume) {
    const { logBlock, logBlockCount, blockBytes } = volume.superblock;
    this.#volume = volume;
    this.#offsetBytes = volume.blockOffset(logBlock, 'log', logBlockCount);
    this.count = (logBlockCount * blockBytes) / logBlockBytes;
  }

  async block(number: number): Promise<Uint8Array> {
    const offsetBytes = this.#offsetBytes + number * logBlockBytes;
    return this.#volume.bytes({ structure: 'log', offsetBytes, lengthBytes: logBlockBytes });
  }

  async #round(number: number): Promise<number> {
    const block = await this.block(number);
    return u32be(block, 0) === recordMagic ? u32be(block, 4) : u32be(block, 0);
  }

  /** The first block that is not of the round in which the log begins; 0 when all are. */
  async end(): Promise<number> {
    const first = await this.#round(0);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((await this.#round(middle)) === first) low = middle + 1;
      else high = middle;
    }
    return low % this.count;
  }

  /** Whether a record is that of an unmount, and the last thing written: its one block of content is followed by the end. */
  async isUnmount(head: Uint8Array, at: number, blocksToEnd: number): Promise<boolean> {
    const headBlocks = Math.max(1, Math.ceil(u32be(head, 320) / 32_768));
    const contentBlocks = Math.ceil(u32be(head, 12) / logBlockBytes);
    if (u32be(head, 40) !== 1 || headBlocks + contentBlocks !== blocksToEnd) return false;
    const content = await this.block((at + headBlocks) % this.count);
    return (content[9]! & unmountFlag) !== 0;
  }
}

import { isSecondwindError } from '../../../src/base/errors.ts';
import { blockBytes } from '../../../src/base/limits.ts';
import { happens, integerBelow, type Random } from '../../../src/base/random.ts';
import { connectNbd, type NbdClient } from '../../../src/nbd/client/nbd-client.ts';
import type { WriteRecord } from './write-record.ts';

/** Writes under way at once, each in a part of the disk of its own. */
const laneCount = 6;
const runBlocksMax = 24;

/** Writes to a network disk through several lanes until the server is gone, and notes each write. */
export class LaneWriter {
  readonly #record: WriteRecord;
  readonly #random: Random;

  /**
   * @param record - where writes are noted
   * @param random - where chance comes from
   */
  constructor(record: WriteRecord, random: Random) {
    this.#record = record;
    this.#random = random;
  }

  /**
   * Writes; ends when the server is gone.
   * @param socket - Unix socket of the disk
   */
  async writeUntilGone(socket: string): Promise<void> {
    const client = await connectNbd({ endpoint: { kind: 'unix', path: socket }, exportName: '' });
    const lanes = Array.from({ length: laneCount }, (_, lane) => this.#writeLane(client, lane));
    await Promise.all(lanes);
  }

  async #writeLane(client: NbdClient, lane: number): Promise<void> {
    const laneBlocks = Math.floor(this.#record.blockCount / laneCount);
    try {
      for (;;) await this.#writeOne(client, lane * laneBlocks, laneBlocks);
    } catch (error) {
      if (!isSecondwindError(error, 'SERVER_UNREACHABLE')) throw error;
    }
  }

  async #writeOne(client: NbdClient, laneStart: number, laneBlocks: number): Promise<void> {
    const random = this.#random;
    const blockCount = 1 + integerBelow(random, runBlocksMax);
    // Half of the writes meet the same few blocks again and again.
    const reach = happens(random, 0.5) ? runBlocksMax + 16 : laneBlocks;
    const firstBlock = laneStart + integerBelow(random, reach - blockCount);
    const isZero = happens(random, 0.1);
    const sent = this.#record.sending({ firstBlock, blockCount, isZero });
    const offsetBytes = firstBlock * blockBytes;
    if (isZero) await client.writeZeroes(offsetBytes, blockCount * blockBytes);
    else await client.write(sent.data, offsetBytes, { isForced: happens(random, 0.1) });
    sent.acknowledged();
    if (happens(random, 0.05)) await client.flush();
  }
}

import type { ExtVolume } from '../ext-volume.ts';
import { replayedBlocksMax } from '../limits.ts';
import { crc32be } from './crc32-be.ts';
import type { JournalFile } from './journal-file.ts';
import {
  decodeRevocations,
  decodeTags,
  isRecordSound,
  type RecordKind,
  recordHead,
  transactionChecksum,
} from './journal-records.ts';
import type { JournalSuperblock } from './journal-superblock.ts';

/** The copy of a block that its journal puts in its place. */
export interface ReplayedBlock {
  /** Block of the volume where the copy lies. */
  readonly place: number;
  /** Whether the first 4 bytes must be made the journal's magic again. */
  readonly isEscaped: boolean;
  /** As the tag has it. */
  readonly checksum: number;
  /** Of the transaction. */
  readonly sequence: number;
}

/** What a journal does to its volume. */
export interface Replay {
  /** By block of the volume. */
  readonly blocks: ReadonlyMap<number, ReplayedBlock>;
  readonly transactionCount: number;
  /** Sequence that the next transaction would have. */
  readonly nextSequence: number;
}

/**
 * Reads a log from its start to the last transaction that was committed, as recovery does. A transaction counts only with
 * its commit; a revocation takes back what its own and earlier transactions put in place of a block. Records are read, the
 * copies of blocks only where a checksum is over all of them.
 * @source kernel: fs/jbd2/recovery.c, do_one_pass
 * @param volume - the volume as it is on the disk
 * @param file - the journal
 * @param journal - its superblock; `start` is not 0
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function replayJournal(
  volume: ExtVolume,
  file: JournalFile,
  journal: JournalSuperblock,
): Promise<Replay> {
  return new Replayer(volume, file, journal).run();
}

class Replayer {
  readonly #volume: ExtVolume;
  readonly #file: JournalFile;
  readonly #journal: JournalSuperblock;
  readonly #blocks = new Map<number, ReplayedBlock>();
  #sequence: number;
  #at: number;
  #left: number;
  #transactionCount = 0;
  /** Of the transaction that is being read. */
  #written: (readonly [number, ReplayedBlock])[] = [];
  #revoked: number[] = [];
  #checksum = 0xffffffff;

  constructor(volume: ExtVolume, file: JournalFile, journal: JournalSuperblock) {
    this.#volume = volume;
    this.#file = file;
    this.#journal = journal;
    this.#sequence = journal.sequence;
    this.#at = journal.start;
    this.#left = journal.end - journal.first;
  }

  async run(): Promise<Replay> {
    while (this.#left > 0) {
      const bytes = await this.#file.block(this.#at);
      const head = recordHead(bytes);
      if (head?.sequence !== this.#sequence || head.kind === undefined) break;
      if (!isRecordSound(this.#journal, bytes, head.kind)) break;
      this.#advance();
      if (!(await this.#take(head.kind, bytes))) break;
    }
    return {
      blocks: this.#blocks,
      transactionCount: this.#transactionCount,
      nextSequence: this.#sequence,
    };
  }

  /** @returns whether the log goes on behind it */
  async #take(kind: RecordKind, bytes: Uint8Array): Promise<boolean> {
    if (kind === 'commit') return this.#commit(bytes);
    if (kind === 'descriptor') await this.#describe(bytes);
    else for (const block of decodeRevocations(this.#journal, bytes)) this.#revoked.push(block);
    if (this.#written.length + this.#revoked.length + this.#blocks.size <= replayedBlocksMax)
      return true;
    const reason = `it would replay more than ${replayedBlocksMax} blocks`;
    throw this.#volume.damaged('journal', this.#file.offsetBytes, reason);
  }

  async #describe(bytes: Uint8Array): Promise<void> {
    this.#sum(bytes);
    for (const { block, ...copy } of decodeTags(this.#journal, bytes)) {
      if (this.#left <= 0) return;
      const place = await this.#file.place(this.#at);
      if (this.#journal.hasTransactionChecksums) this.#sum(await this.#file.block(this.#at));
      this.#written.push([block, { ...copy, place, sequence: this.#sequence }]);
      this.#advance();
    }
  }

  #sum(bytes: Uint8Array): void {
    if (this.#journal.hasTransactionChecksums) this.#checksum = crc32be(this.#checksum, bytes);
  }

  #commit(bytes: Uint8Array): boolean {
    const { isThere, checksum } = transactionChecksum(bytes);
    const isOverAll = this.#journal.hasTransactionChecksums && !this.#journal.hasRecordChecksums;
    if (isOverAll && isThere && checksum !== this.#checksum) return false;
    for (const [block, copy] of this.#written) this.#blocks.set(block, copy);
    for (const block of this.#revoked) this.#blocks.delete(block);
    this.#written = [];
    this.#revoked = [];
    this.#checksum = 0xffffffff;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#transactionCount += 1;
    return true;
  }

  /** The log is a ring. */
  #advance(): void {
    this.#left -= 1;
    this.#at += 1;
    if (this.#at >= this.#journal.end) this.#at = this.#journal.first;
  }
}

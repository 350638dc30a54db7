import type { RandomFile } from '../../capture/random-file.ts';
import { FormatFault } from '../../format/format-fault.ts';
import {
  decodeInboxSlot,
  encodeInboxSlot,
  type InboxJournal,
  inboxSlotBytes,
} from '../../format/inbox-journal.ts';

/** The journal of one machine on stable storage. */
export class JournalFile {
  readonly #file: RandomFile;
  #last: InboxJournal;

  private constructor(file: RandomFile, last: InboxJournal) {
    this.#file = file;
    this.#last = last;
  }

  /**
   * Reads the journal.
   * @param file - closed with the journal
   * @throws IO_FAILED
   */
  static async open(file: RandomFile): Promise<JournalFile> {
    const bytes = Buffer.alloc(2 * inboxSlotBytes);
    await file.read(bytes, 0);
    const slots = [bytes.subarray(0, inboxSlotBytes), bytes.subarray(inboxSlotBytes)].map(slotIn);
    const [first, second] = slots;
    const isSecondNewer = (second?.writeCount ?? 0) > (first?.writeCount ?? 0);
    return new JournalFile(file, (isSecondNewer ? second : first) ?? nothingReceived);
  }

  /** What was written last. */
  get last(): InboxJournal {
    return this.#last;
  }

  /**
   * Brings a change to stable storage.
   * @param fields - what becomes another
   * @throws IO_FAILED, NO_SPACE
   */
  async write(fields: Partial<Omit<InboxJournal, 'writeCount'>>): Promise<void> {
    const next = { ...this.#last, ...fields, writeCount: this.#last.writeCount + 1 };
    await this.#file.write(encodeInboxSlot(next), (next.writeCount % 2) * inboxSlotBytes);
    await this.#file.sync();
    this.#last = next;
  }

  /** Closes the file. @throws IO_FAILED */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

const nothingReceived: InboxJournal = {
  writeCount: 0,
  stream: new Uint8Array(16),
  storedPosition: 0,
  storedDigest: new Uint8Array(32),
  nextPosition: 0,
  nextDigest: new Uint8Array(32),
  sequenceBefore: 0,
};

/**
 * A slot that was torn counts as never written.
 * @throws nothing that the format says
 */
function slotIn(bytes: Uint8Array): InboxJournal | undefined {
  try {
    return decodeInboxSlot(bytes);
  } catch (error) {
    if (error instanceof FormatFault) return undefined;
    throw error;
  }
}

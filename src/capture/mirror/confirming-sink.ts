import type { Micros } from '../../base/clock.ts';
import type { CommitReceipt, CommitRequest, CommitSink } from '../../repository/index.ts';

/**
 * Makes sure that every write up to a moment was seen.
 * @param disks - names of disks that a commit calls whole
 * @param atMicros - the instant of the cut
 * @throws UNSEEN_WRITES when that is not certain
 */
export type Confirmation = (disks: readonly string[], atMicros: Micros) => Promise<void>;

/**
 * Stores a cut only once it is certain that it has every write that the guest saw done. A mirror may have ended a moment
 * before the cut, and the news of it come a moment after; nothing that was written in between would be in the point.
 */
export class ConfirmingSink implements CommitSink {
  readonly #sink: CommitSink;
  readonly #confirm: Confirmation;

  /**
   * @param sink - stores
   * @param confirm - see Confirmation
   */
  constructor(sink: CommitSink, confirm: Confirmation) {
    this.#sink = sink;
    this.#confirm = confirm;
  }

  /**
   * @inheritdoc
   * @throws UNSEEN_WRITES, and what the sink throws
   */
  async append(request: CommitRequest): Promise<CommitReceipt> {
    const whole = request.disks.filter(({ state }) => state === 'whole').map(({ disk }) => disk);
    if (whole.length > 0) await this.#confirm(whole, request.timeMicros);
    return this.#sink.append(request);
  }
}

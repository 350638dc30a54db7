import {
  extentSpanBytes,
  recoveryLanesMax,
  recoveryPieceBytes,
  restoreSyncBytes,
  zeroStepBytes,
} from '../../base/limits.ts';
import type { ReadableDisk, WritableDisk } from '../../disk/disk.ts';
import { type ByteSpan, type DiskPiece, piecesOf } from '../disk-pieces.ts';
import { runLanes } from '../run-lanes.ts';

/** What to copy, and how. */
export interface WriteOptions {
  /** Disk that is restored. */
  readonly view: ReadableDisk;
  /** Receives it, at least as large. */
  readonly target: WritableDisk;
  /** Whether the target is known to read as zeroes: holes are then left alone. */
  readonly isFresh: boolean;
  /** Whether to bring data to stable storage along the way, where that does not disturb anybody. */
  readonly isSyncedEarly: boolean;
  /** What is being done, as the start of a sentence. */
  readonly action: string;
  /** Counts bytes dealt with. */
  readonly onWritten: (piece: DiskPiece) => void;
  /** Ends the work early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies spans of a view to a target in parallel lanes. Nothing is promised to be stable afterwards.
 * @param options - see WriteOptions
 * @param spans - in order, inside the view
 * @throws INTERRUPTED, and what the view or the target throws
 */
export async function writePieces(options: WriteOptions, spans: Iterable<ByteSpan>): Promise<void> {
  const { view, target, isFresh, action, signal } = options;
  const lanes = Array.from({ length: recoveryLanesMax }, () =>
    Buffer.allocUnsafeSlow(recoveryPieceBytes),
  );
  const early = new EarlySync(target, options.isSyncedEarly);
  const write = async (piece: DiskPiece, buffer: Buffer): Promise<void> => {
    const { offsetBytes, lengthBytes, isHole } = piece;
    if (!isHole) {
      const data = buffer.subarray(0, lengthBytes);
      await view.read(data, offsetBytes);
      await target.write(data, offsetBytes);
      early.add(lengthBytes);
    } else if (!isFresh) {
      await target.writeZeroes(offsetBytes, lengthBytes, { mayTrim: true });
    }
    options.onWritten(piece);
  };
  try {
    const pieces = piecesOf(view, spans, {
      dataBytes: recoveryPieceBytes,
      holeBytes: isFresh ? extentSpanBytes : zeroStepBytes,
    });
    await runLanes(pieces, write, { lanes, action, signal });
  } finally {
    await early.end();
  }
}

/**
 * Asks for stability while copying goes on, so that the disk writes all the time and the last flush is short. Whether it
 * succeeded is told by that last flush: FileDisk never forgets a failed one.
 */
class EarlySync {
  readonly #target: WritableDisk;
  readonly #isOn: boolean;
  #unsyncedBytes = 0;
  #running: Promise<void> | undefined;

  constructor(target: WritableDisk, isOn: boolean) {
    this.#target = target;
    this.#isOn = isOn;
  }

  add(lengthBytes: number): void {
    this.#unsyncedBytes += lengthBytes;
    if (!this.#isOn || this.#running !== undefined || this.#unsyncedBytes < restoreSyncBytes)
      return;
    this.#unsyncedBytes = 0;
    this.#running = this.#run();
  }

  async end(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.allSettled([this.#target.flush()]);
    this.#running = undefined;
  }
}

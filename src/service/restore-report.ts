import type { AskedMoment, IsoMoment } from './moments.ts';

/** A refusal that was overruled in words. */
export type RefusalName = 'mounted' | 'wrong-size' | 'in-use' | 'exists';

/** An order to bring a disk back. */
export interface RestoreOrder {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** The moment. */
  readonly at: AskedMoment;
  /** Absolute path of the file or device that is written. */
  readonly target: string;
  /** Write only the blocks that differ. */
  readonly isInPlace: boolean;
  /** Refusals that are overruled. */
  readonly evenIf: readonly RefusalName[];
}

/** What an in-place restore would do. */
export interface RestorePlanReport {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state that moment shows. */
  readonly point: IsoMoment;
  /** The file or device. */
  readonly target: string;
  /** Whether the write goes through the live tap in front of the target, so that it is captured too. */
  readonly isThroughTap: boolean;
  /** Size of the disk, bytes. */
  readonly sizeBytes: number;
  /** What of it is written as zeroes because it was excluded, bytes; left out when nothing is. */
  readonly excludedBytes?: number;
  /** Bytes that differ, in whole blocks. */
  readonly differingBytes: number;
  /** Blocks that differ. */
  readonly differingBlocks: number;
}

/** What a restore did. */
export interface RestoreReport {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state that moment shows. */
  readonly point: IsoMoment;
  /** The file or device. */
  readonly target: string;
  /** Whether the writes went through the live tap in front of the target. */
  readonly isThroughTap: boolean;
  /** Size of the disk, bytes. */
  readonly sizeBytes: number;
  /** What of it is written as zeroes because it was excluded, bytes; left out when nothing is. */
  readonly excludedBytes?: number;
  /** Bytes that differed, in whole blocks; in place only. */
  readonly differingBytes?: number;
  /** Bytes written as data; in place the head of the disk too, which marks it as unfinished meanwhile. */
  readonly writtenBytes: number;
  /** Bytes that needed no writing: holes, or equal already. */
  readonly skippedBytes: number;
  /** Time it took, milliseconds. */
  readonly durationMs: number;
}

import type { Clock } from '../../base/clock.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import type { View } from '../../repository/index.ts';
import type { SpanSource } from '../marks-within.ts';
import type { RecoveryProgressSink } from '../progress-meter.ts';
import type { RestorePlan } from './restore-plan.ts';
import type { ServedFile, TargetOverride } from './target-inspection.ts';

/** A file or device to restore to. */
export interface FileTarget {
  /** File or device, or where a file is to be made. */
  readonly path: string;
  /** What this server reads or writes itself, and must not be written behind its back. */
  readonly served?: readonly ServedFile[] | undefined;
}

/** An open disk to restore to, such as a live tap, so that the restore is captured too. */
export interface DiskTarget {
  /** Borrowed: stays open. */
  readonly disk: WritableDisk;
  /** Name for people. */
  readonly label: string;
}

/** What to restore, where to, and how. */
export interface RestoreOptions {
  /** Disk as it stood; borrowed. */
  readonly view: View;
  readonly target: FileTarget | DiskTarget;
  /** `whole`: every byte is written; `in-place`: the target is compared first, and only what differs is written. */
  readonly mode: 'whole' | 'in-place';
  /** What the user insists on. */
  readonly evenIf?: readonly TargetOverride[] | undefined;
  /** For `in-place`: the only places where target and view may differ; any when left out. */
  readonly ranges?: SpanSource | undefined;
  /** For `in-place`: is shown the plan before anything is written, and may stop it; goes on when left out. */
  readonly approve?: ((plan: RestorePlan) => boolean | Promise<boolean>) | undefined;
  /** Whether to read the target back and compare it when done. */
  readonly isVerified?: boolean | undefined;
  readonly clock: Clock;
  readonly progress?: RecoveryProgressSink | undefined;
  /** Interrupts the restore; doing it again finishes it. */
  readonly signal?: AbortSignal | undefined;
}

/** What a restore did. Plain data, fit for JSON. */
export interface RestoreReport {
  /** Path or label of the target. */
  readonly target: string;
  /** Size of the restored disk, bytes. */
  readonly diskBytes: number;
  /** Bytes written with data. */
  readonly dataBytes: number;
  /** Bytes that were made to read as zeroes, or were left alone because they did. */
  readonly zeroBytes: number;
  /** What comparing found, where the target was compared first. */
  readonly plan: RestorePlan | undefined;
  /** Whether the target is the disk now; no only when the plan was not approved, and then nothing was written. */
  readonly isDone: boolean;
  /** Whether it was read back and found equal: `disk` past the page cache, `cache` where that is not possible. */
  readonly verifiedFrom: 'disk' | 'cache' | undefined;
  /** Time from beginning to end, milliseconds. */
  readonly elapsedMs: number;
}

import type { ExclusionRules } from '../content/exclusions/exclusion-rules.ts';
import type { IsoMoment } from './moments.ts';

/** An order to exclude something from what is stored of a disk; replaces what was excluded before. */
export type ExclusionOrder = ExclusionRules;

/** What the last scan under the rules left out. */
export interface ExclusionFindings {
  /** The point that it made. */
  readonly point: IsoMoment;
  /** Bytes of excluded files and swap space, in whole blocks. */
  readonly fileBytes: number;
  /** Files that are excluded. */
  readonly fileCount: number;
  /** Bytes that no file had. */
  readonly unallocatedBytes: number;
  /** Where nothing was excluded although the rules say so, and why, as sentences without their end. */
  readonly notes: readonly string[];
}

/** What is excluded of a disk. */
export interface ExclusionReport extends ExclusionRules {
  /** Machine the disk belongs to. */
  readonly machine: string;
  /** The disk's own name. */
  readonly disk: string;
  /** When the rules were given; left out when none ever were. */
  readonly since?: IsoMoment;
  /** What the last scan left out; left out before the first one since then. */
  readonly found?: ExclusionFindings;
}

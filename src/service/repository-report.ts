import type { IsoMoment } from './moments.ts';

/** Sizes over the whole repository. */
export interface StatsReport {
  /** Bytes of changed blocks that were captured. */
  readonly logicalBytes: number;
  /** Of these, bytes that had not been stored before. */
  readonly uniqueBytes: number;
  /** Bytes the store takes. */
  readonly storedBytes: number;
  /** Logical over unique: what storing equal data once saves. */
  readonly dedupRatio: number;
  /** Unique over stored: what compression saves. */
  readonly compressionRatio: number;
  /** Logical over stored. */
  readonly totalRatio: number;
  /** Chunks stored. */
  readonly chunkCount: number;
  /** Commits stored. */
  readonly commitCount: number;
  /** Segments. */
  readonly segmentCount: number;
  /** Machines with history. */
  readonly machineCount: number;
  /** Disks with history. */
  readonly diskCount: number;
  /** Oldest commit. */
  readonly first?: IsoMoment;
  /** Newest commit. */
  readonly last?: IsoMoment;
}

/** What damage touches. */
export interface TouchedReport {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** First moment that cannot be read whole. */
  readonly from: IsoMoment;
  /** End of these moments; left out when the newest is touched too. */
  readonly to?: IsoMoment;
  /** Regions of 1 MiB that cannot be read whole. */
  readonly regionCount: number;
}

/** One damaged place. */
export interface DamageReport {
  /** File in the store. */
  readonly file: string;
  /** Number of the segment. */
  readonly segment: number;
  /** Where in the file, bytes. */
  readonly offsetBytes: number;
  /** What is wrong. */
  readonly reason: string;
  /** Chunks that cannot be read because of it. */
  readonly chunkCount: number;
  /** Points it touches. */
  readonly touched: readonly TouchedReport[];
  /** Whether it touches more than is listed. */
  readonly isMore: boolean;
}

/** What a check found. */
export interface CheckFindings {
  /** Whether nothing was found. */
  readonly isHealthy: boolean;
  /** Segments looked at. */
  readonly segmentCount: number;
  /** Entries looked at. */
  readonly entryCount: number;
  /** Bytes read and authenticated. */
  readonly checkedBytes: number;
  /** Damaged places. */
  readonly damages: readonly DamageReport[];
  /** Faults of the indexes; a rebuild mends them. */
  readonly indexFaults: readonly string[];
  /** Time it took, milliseconds. */
  readonly durationMs: number;
}

/** What a rebuild did. */
export interface RebuildReport {
  /** Segments read. */
  readonly segmentCount: number;
  /** Commits found. */
  readonly commitCount: number;
  /** Time it took, milliseconds. */
  readonly durationMs: number;
}

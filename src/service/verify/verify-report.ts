import type { IsoMoment } from '../moments.ts';

/** What a health check came to; `unchecked`: nothing was there that could be looked into. */
export type Verdict = 'clean' | 'damage' | 'unchecked';

/** Something that was found. */
export interface FindingReport {
  /** Whether data is lost or unreadable, or it is only worth knowing. */
  readonly severity: 'damage' | 'note';
  /** Who found it: "reader", or the program: "e2fsck". */
  readonly checker: string;
  /** Structure: "inode 17, extent leaf". */
  readonly structure: string;
  /** Where it lies on the volume, bytes, where that is known. */
  readonly offsetBytes?: number;
  /** What is wrong: text from the disk may be in it, and hostile. */
  readonly reason: string;
}

/** Health of one volume. */
export interface VolumeHealthReport {
  /** Its address behind the machine's name: "root/2". */
  readonly volume: string;
  /** What it holds: "ext4"; left out when that is not known. */
  readonly fileSystem?: string;
  /** What it came to. */
  readonly verdict: Verdict;
  /** Who looked at it to the end: "reader", "e2fsck". */
  readonly checkers: readonly string[];
  /** Findings of severity `damage`, also those left out. */
  readonly damageCount: number;
  /** The first findings. */
  readonly findings: readonly FindingReport[];
  /** Whether findings were left out by the limit. */
  readonly isCut: boolean;
}

/** Health of a point. */
export interface VerifyReport {
  /** What was looked at. */
  readonly where: string;
  /** Its machine. */
  readonly machine: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state that moment shows. */
  readonly point: IsoMoment;
  /** When it was looked at. */
  readonly verified: IsoMoment;
  /** What it came to: damage if any volume has some. */
  readonly verdict: Verdict;
  /** Disks that were read; left out of results of older versions. */
  readonly disks?: readonly string[];
  /** Each volume. */
  readonly volumes: readonly VolumeHealthReport[];
  /** What a person should know. */
  readonly notes: readonly string[];
}

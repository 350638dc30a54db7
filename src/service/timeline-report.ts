import type { AskedMoment, IsoMoment } from './moments.ts';
import type { DiskHealthReport } from './verify/health-report.ts';

/** Which part of a timeline is wanted. */
export interface TimelineQuestion {
  /** The machine. */
  readonly machine: string;
  /** Only this disk of it. */
  readonly disk?: string;
  /** From this moment. */
  readonly from?: IsoMoment;
  /** To this moment. */
  readonly to?: IsoMoment;
  /** Most points wanted; the newest are taken. */
  readonly limit?: number;
}

/** A mark on the timeline. */
export interface NoteReport {
  /** What kind of mark. */
  readonly kind: 'bookmark' | 'gap' | 'clock-jump' | 'removed' | 'resumed' | 'verified';
  /** Disk concerned; left out when it is the whole machine. */
  readonly disk?: string;
  /** The bookmark's name; of a health check "clean", "damage" or "unchecked"; else words. */
  readonly text: string;
  /** Moment the mark speaks of, where that is not the point's own. */
  readonly from?: IsoMoment;
}

/** One commit. */
export interface PointReport {
  /** When. */
  readonly time: IsoMoment;
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** What it is worth to applications. */
  readonly consistency: 'crash' | 'application' | 'fuzzy';
  /** Bytes of changed blocks. */
  readonly changedBytes: number;
  /** Of these, not stored before. */
  readonly newBytes: number;
  /** Bytes added to the store. */
  readonly storedBytes: number;
  /** Disks in it, and whether they can be restored at this moment. */
  readonly disks: readonly { readonly disk: string; readonly state: 'whole' | 'filling' }[];
  /** Marks. */
  readonly notes: readonly NoteReport[];
}

/** A span in which a disk cannot be restored. */
export interface GapReport {
  /** The disk. */
  readonly disk: string;
  /** First moment. */
  readonly from: IsoMoment;
  /** End; left out while it lasts. */
  readonly to?: IsoMoment;
}

/** A part of a timeline, oldest first. */
export interface TimelineReport {
  /** The machine. */
  readonly machine: string;
  /** The disk, when only one was asked for. */
  readonly disk?: string;
  /** The commits. */
  readonly points: readonly PointReport[];
  /** The gaps. */
  readonly gaps: readonly GapReport[];
  /** Whether older points were left out by the limit. */
  readonly isCut: boolean;
  /** Health of the disks at their newest points that were checked, wherever on the timeline these lie. */
  readonly health: readonly DiskHealthReport[];
}

/** Which two moments are compared, and how. */
export interface ChangesOrder {
  /** The first moment. */
  readonly from: AskedMoment;
  /** The later moment. */
  readonly to: AskedMoment;
  /** Whether both are read, to leave out what was written but is the same; no when left out. */
  readonly isExact?: boolean;
}

/** What changed between two moments. */
export interface ChangesReport {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** Point that the first moment shows. */
  readonly fromPoint: IsoMoment;
  /** Point that the second moment shows. */
  readonly toPoint: IsoMoment;
  /** Bytes in all ranges, also those left out. */
  readonly changedBytes: number;
  /** Number of all ranges. */
  readonly rangeCount: number;
  /** The first ranges, in order. */
  readonly ranges: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[];
  /** Whether ranges were left out by the limit. */
  readonly isCut: boolean;
  /** Whether both moments were read, and what is the same left out. */
  readonly isExact: boolean;
}

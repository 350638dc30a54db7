import type { Micros } from '../base/clock.ts';
import type {
  CommitNote,
  CommitSink,
  ComparerOpener,
  DiskName,
  DiskState,
  ViewOpener,
} from './contract.ts';

/** A disk the repository has history of. */
export interface DiskSummary {
  /** Machine and disk. */
  readonly name: DiskName;
  /** Size at the newest commit, bytes. */
  readonly sizeBytes: number;
  /** How far it can be trusted now. */
  readonly state: DiskState;
  /** First and newest moment that can be restored; undefined while the first image is not complete. */
  readonly firstPointMicros: Micros | undefined;
  /** Newest moment that can be restored. */
  readonly lastPointMicros: Micros | undefined;
}

/** One commit as the timeline shows it. */
export interface TimelinePoint {
  /** The moment it restores. */
  readonly timeMicros: Micros;
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** How far applications can trust it. */
  readonly consistency: 'crash' | 'application' | 'fuzzy';
  /** Bytes of changed blocks. */
  readonly changedBytes: number;
  /** Bytes not stored before. */
  readonly newBytes: number;
  /** Bytes in the store. */
  readonly storedBytes: number;
  /** Disks in the commit, with their state from then on. */
  readonly disks: readonly { readonly disk: string; readonly state: DiskState }[];
  /** Marks that came with it. */
  readonly notes: readonly CommitNote[];
}

/** Span in which a disk cannot be restored. */
export interface TimelineGap {
  /** Name of the disk. */
  readonly disk: string;
  /** First moment that cannot be restored. */
  readonly fromMicros: Micros;
  /** undefined: it lasts. */
  readonly toMicros: Micros | undefined;
}

/** Which part of the timeline, newest part first when the limit cuts it. */
export interface TimelineQuery {
  /** Name of the machine. */
  readonly machine: string;
  /** Name of one disk; left out: all of them. */
  readonly disk?: string;
  /** First moment, included. */
  readonly fromMicros?: Micros;
  /** Last moment, included. */
  readonly toMicros?: Micros;
  /** Most points wanted. */
  readonly limit: number;
}

/** Answer to a timeline query, oldest first. */
export interface Timeline {
  /** Commits, oldest first. */
  readonly points: readonly TimelinePoint[];
  /** Spans in which a disk cannot be restored. */
  readonly gaps: readonly TimelineGap[];
  /** Whether points were left out by the limit. */
  readonly isCut: boolean;
}

/** Sizes over the whole repository. */
export interface RepositoryStats {
  /** Bytes of changed blocks that sources delivered. */
  readonly logicalBytes: number;
  /** Of these, bytes that had not been stored before (zeroes are not stored and do not count). */
  readonly uniqueBytes: number;
  /** Bytes of all segments. */
  readonly storedBytes: number;
  /** Chunks concerned. */
  readonly chunkCount: number;
  /** Commits stored. */
  readonly commitCount: number;
  /** Segments. */
  readonly segmentCount: number;
  /** Machines with history. */
  readonly machineCount: number;
  /** Disks with history. */
  readonly diskCount: number;
  /** Window covered: first and newest commit. */
  readonly firstMicros: Micros | undefined;
  /** Newest commit. */
  readonly lastMicros: Micros | undefined;
}

/** How far something long has come. */
export interface Progress {
  /** Words for people: "Reading segments". */
  readonly phase: string;
  /** How much is done. */
  readonly done: number;
  /** Same unit as `done`. */
  readonly total: number;
  /** What done and total count. */
  readonly unit: 'bytes' | 'segments' | 'regions';
}

/** Receives progress; called often, so it must be cheap. */
export type ProgressSink = (progress: Progress) => void;

/** One damaged place. */
export interface Damage {
  /** Object in the store: "segments/00000001.seg". */
  readonly file: string;
  /** Number of the segment. */
  readonly segment: number;
  /** Where it begins, bytes. */
  readonly offsetBytes: number;
  /** What is wrong, as a clause. */
  readonly reason: string;
  /** Chunks that cannot be read because of it. */
  readonly chunkCount: number;
  /** What it touches, bounded; `isMore` when there is more. */
  readonly touched: readonly {
    readonly name: DiskName;
    readonly fromMicros: Micros;
    readonly toMicros: Micros | undefined;
    readonly regionCount: number;
  }[];
  /** Whether more is touched than is listed. */
  readonly isMore: boolean;
}

/** What a check found. */
export interface CheckReport {
  /** Segments. */
  readonly segmentCount: number;
  /** Entries listed. */
  readonly entryCount: number;
  /** Bytes of segments whose content was read. */
  readonly checkedBytes: number;
  /** What is damaged. */
  readonly damages: readonly Damage[];
  /** Faults of the indexes; a rebuild mends them. */
  readonly indexFaults: readonly string[];
}

/** How thorough a check is. */
export interface CheckOptions {
  /** Part of the segments whose content is read and authenticated, 0 (structure only) to 1 (all). */
  readonly contentShare: number;
  /** Receives progress. */
  readonly progress?: ProgressSink;
  /** Ends the work early. */
  readonly signal?: AbortSignal;
}

/** A key slot, as shown to people. */
export interface KeySummary {
  /** Names it among the others. */
  readonly id: string;
  /** How its secret is kept. */
  readonly kind: 'passphrase' | 'key-file' | 'recovery';
  /** Words of the person who added it. */
  readonly label: string;
  /** ISO 8601, UTC. */
  readonly created: string;
}

/** What opens a slot; never shown, never logged. */
export interface KeySecretInput {
  /** How its secret is kept. */
  readonly kind: KeySummary['kind'];
  /** UTF-8 of a passphrase, or 32 random bytes of a key file or recovery key. */
  readonly secret: Uint8Array;
}

/** Run of bytes of a disk. */
export interface ByteRange {
  /** Where it begins, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
}

/** An open repository: the two verbs (append a commit, open a view), and what people ask about it. */
export interface Repository extends CommitSink, ViewOpener, ComparerOpener {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Time of the newest commit of all; 0 before the first. */
  readonly lastMicros: Micros;
  /** All disks with history, in order of machine and name. */
  disks(): readonly DiskSummary[];
  /** One disk. @throws UNKNOWN_MACHINE, UNKNOWN_DISK */
  disk(name: DiskName): DiskSummary;
  /** Points, gaps and notes of a machine. @throws UNKNOWN_MACHINE, UNKNOWN_DISK */
  timeline(query: TimelineQuery): Timeline;
  /**
   * Ranges of a disk whose stored content differs between two moments: blocks that were written to another chunk.
   * @throws as openView
   */
  changedRanges(name: DiskName, fromMicros: Micros, toMicros: Micros): AsyncIterable<ByteRange>;
  /**
   * Moments at which any of some ranges of a disk changed, newest first, as far as they are taken: after `fromMicros`, up to
   * and including `toMicros`.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, DAMAGED
   */
  changeMoments(
    name: DiskName,
    query: {
      readonly ranges: readonly ByteRange[];
      readonly fromMicros: Micros;
      readonly toMicros: Micros;
    },
  ): AsyncIterable<Micros>;
  /**
   * A key for something that lies beside the repository and must be as safe as it, such as an index of file names. The same each time.
   * @param purpose - what it is for; another purpose, another key
   * @param lengthBytes - 1 to 8160
   */
  purposeKey(purpose: string, lengthBytes: number): Uint8Array;
  /** Sizes over the whole repository. @throws IO_FAILED */
  stats(): Promise<RepositoryStats>;
  /** Reads the store and reports damage; never changes anything. */
  check(options: CheckOptions): Promise<CheckReport>;
  /** Builds the indexes anew from the segments; appends and reads wait meanwhile. */
  rebuild(options: {
    readonly progress?: ProgressSink;
    readonly signal?: AbortSignal;
  }): Promise<{ readonly segmentCount: number; readonly commitCount: number }>;
  /** Lists the key slots. @throws IO_FAILED */
  keys(): Promise<readonly KeySummary[]>;
  /** Adds a key slot. @throws IO_FAILED */
  addKey(secret: KeySecretInput, label: string): Promise<KeySummary>;
  /** @throws NOT_FOUND, LAST_KEY */
  removeKey(id: string): Promise<void>;
  /** Decodes one segment's header, trailer and entries, for `debug`. @throws NOT_FOUND, DAMAGED */
  debugSegment(segment: number): Promise<unknown>;
  /** Decodes one commit record. @throws UNKNOWN_MACHINE, NOT_FOUND, DAMAGED */
  debugCommit(machine: string, sequence: number): Promise<unknown>;
  /** Decodes what the timeline says of one region at one moment. @throws as openView */
  debugRegion(name: DiskName, region: number, atMicros: Micros): Promise<unknown>;
  /** Decodes where one chunk lies and what its group holds. @param nameHex - 64 hexadecimal digits @throws NOT_FOUND */
  debugChunk(nameHex: string): Promise<unknown>;
  /** Ends in order: what was appended is finished, indexes are flushed. */
  close(): Promise<void>;
}

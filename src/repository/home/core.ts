import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { OrderedStore } from '../../keyvalue/ordered-store.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { Storage } from '../../storage/storage.ts';
import { IndexTables } from '../index-tables/index-tables.ts';
import { IndexWriter } from '../index-tables/index-writer.ts';
import { ChunkClaims } from '../ingest/chunk-claims.ts';
import { CommitLine } from '../ingest/commit-line.ts';
import { Preparation } from '../ingest/preparation.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type LogEnd, replayLog } from '../replay/replay-log.ts';
import type { ProgressSink } from '../repository.ts';
import { wholeSegment } from '../segments/segment-file.ts';
import { SegmentLog } from '../segments/segment-log.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { GcmRowSealer } from './row-sealer.ts';

/** What the parts of an open repository share. */
export interface CoreOptions {
  readonly storage: Storage;
  readonly pipeline: Pipeline;
  readonly keys: KeyRing;
  readonly readers: SegmentReaders;
  readonly clock: Clock;
  readonly log: Logger;
  /** Random bytes for the salts of segment keys. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** 16 bytes. */
  readonly repositoryId: Uint8Array;
  /** zstd level of chunk groups. */
  readonly compressionLevel: number;
  /** Length at which a segment is full, bytes. */
  readonly segmentBytes: number;
}

/** The parts that stand on one index: replaced together when the index is built anew. */
export interface Core {
  readonly store: OrderedStore;
  readonly tables: IndexTables;
  readonly writer: IndexWriter;
  readonly segments: SegmentLog;
  readonly preparation: Preparation;
  readonly line: CommitLine;
  /** Segments in the store when it was opened. */
  readonly segmentCount: number;
}

/**
 * Opens the index on a store, replays what it lacks, and makes the parts that append.
 * @param options - see CoreOptions
 * @param store - of the index; closed by whoever closes the core
 * @param watch - progress and interruption of the replay
 * @throws DAMAGED when the index is; IO_FAILED, NO_SPACE
 */
export async function openCore(
  options: CoreOptions,
  store: OrderedStore,
  watch: { readonly progress?: ProgressSink; readonly signal?: AbortSignal },
): Promise<Core> {
  const tables = new IndexTables(store, {
    repositoryId: options.repositoryId,
    start: { segment: 0, offsetBytes: 0 },
    sealer: new GcmRowSealer(options.keys.indexKey),
  });
  const writer = new IndexWriter(tables);
  const isIndexExact = store.recovery === 'sealed';
  const end = await replayLog({ ...options, tables, writer, isIndexExact, ...watch });
  const segments = new SegmentLog({ ...options, ...beginning(end, writer) });
  const { damage } = options.readers;
  const find = (name: Uint8Array): number | undefined =>
    writer.findSoundChunk(name, (place) => damage.has(place));
  const claims = new ChunkClaims(find, segments);
  const shared = { ...options, segments, log: segments, claims, tables, writer };
  const lastMicros = Math.max(0, ...[...tables.heads().values()].map((head) => head.timeMicros));
  return {
    store,
    tables,
    writer,
    segments,
    preparation: new Preparation(shared),
    line: new CommitLine(shared, lastMicros),
    segmentCount: end.segmentCount,
  };
}

/** Should segments be missing that the index knows, their numbers are not given out again. */
function beginning(end: LogEnd, writer: IndexWriter): LogEnd {
  const { segment } = writer.reach;
  if (end.newestSegment >= segment) return end;
  const previous = { previousSegment: segment, previousLengthBytes: wholeSegment };
  return { ...end, ...previous, newestSegment: segment };
}

import { strict as assert } from 'node:assert';
import type { Clock, Micros } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { KeySlot } from '../format/key-slot.ts';
import { checkRepository } from './check/check-repository.ts';
import type {
  CommitReceipt,
  CommitRequest,
  DiskName,
  RegionComparer,
  View,
  ViewOptions,
} from './contract.ts';
import { debugChunk, debugCommit, debugRegion, debugSegment } from './debug/debug.ts';
import { type Core, type CoreOptions, openCore } from './home/core.ts';
import { CoreUses } from './home/core-uses.ts';
import type { IndexHome } from './home/index-home.ts';
import { regionsOf } from './index-tables/region-walk.ts';
import { checkRequest } from './ingest/check-request.ts';
import type { KeySlots } from './keys/key-slots.ts';
import { type ChangeMomentsQuery, changeMoments } from './query/change-moments.ts';
import { changedRanges } from './query/changed-ranges.ts';
import { summarize, summarizeAll } from './query/disks.ts';
import { findDisk, findMoment } from './query/moments.ts';
import { timelineOf } from './query/timeline.ts';
import type {
  ByteRange,
  CheckOptions,
  CheckReport,
  DiskSummary,
  KeySecretInput,
  KeySummary,
  ProgressSink,
  Repository,
  RepositoryStats,
  Timeline,
  TimelineQuery,
} from './repository.ts';
import { segmentFolder } from './segments/segment-name.ts';
import { PageCache } from './view/page-cache.ts';
import { RegionComparison } from './view/region-comparison.ts';
import { RegionMap } from './view/region-map.ts';
import { RepositoryView } from './view/repository-view.ts';

/** What an open repository is made from. */
export interface RepositoryStoreOptions extends CoreOptions {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly slots: KeySlots;
  readonly indexHome: IndexHome;
  /** Memory for pages of opened groups, bytes. */
  readonly cacheBytes: number;
}

/** Regions that one look at a view's extents lists. */
const regionsPerPage = 256;

/** The repository: segments are the truth, the core stands on an index of them, views read through one cache. */
export class RepositoryStore implements Repository {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly #options: RepositoryStoreOptions;
  readonly #pages: PageCache;
  readonly #maps = new Set<RegionMap>();
  readonly #uses = new CoreUses();
  #core: Core;
  /** Appends wait for it; set while the index is being built anew. */
  #rebuilding: Promise<unknown> | undefined;
  /** Ends when every index that was replaced is closed and removed. */
  #retiring: Promise<unknown> = Promise.resolve();

  /**
   * @param options - see RepositoryStoreOptions
   * @param core - opened on the newest index
   */
  constructor(options: RepositoryStoreOptions, core: Core) {
    this.id = options.id;
    this.#options = options;
    this.#core = core;
    this.#pages = new PageCache(options.readers, options.cacheBytes);
  }

  /** See Repository. */
  get lastMicros(): Micros {
    return this.#core.line.lastMicros;
  }

  /** See CommitSink. @throws NO_SPACE, IO_FAILED, LIMIT_EXCEEDED */
  async append(request: CommitRequest): Promise<CommitReceipt> {
    checkRequest(request);
    while (this.#rebuilding !== undefined) await this.#rebuilding.catch(() => undefined);
    const { preparation, line } = this.#core;
    return line.enter(preparation.prepare(request));
  }

  /** See ViewOpener. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP */
  async openView(name: DiskName, atMicros: Micros, options: ViewOptions = {}): Promise<View> {
    await Promise.resolve();
    const allowed = options.isFillingAllowed ?? false;
    const moment = findMoment(this.#core.tables, name, atMicros, allowed);
    const { timeMicros, sizeBytes, disk } = moment;
    const map = new RegionMap(
      (region) => {
        const { tables } = this.#core;
        const { diskNumber } = findDisk(tables, name);
        return tables.timeline.regionAt(diskNumber, region, timeMicros);
      },
      (chunkNumber) => this.#core.tables.chunks.placeOf(chunkNumber),
      (fromRegion) => {
        const { tables } = this.#core;
        const query = { disk: findDisk(tables, name).diskNumber, timeMicros, fromRegion };
        return regionsOf(tables.timeline, { ...query, limit: regionsPerPage });
      },
    );
    this.#maps.add(map);
    const onClose = (): void => {
      this.#maps.delete(map);
    };
    const isHistoryBroken = this.#core.writer.isHistoryBroken(disk);
    const view = { name, timeMicros, sizeBytes, isHistoryBroken, map };
    const isReadOnce = options.isReadOnce ?? false;
    return new RepositoryView({ ...view, pages: this.#pages, isReadOnce, onClose });
  }

  /** See ComparerOpener. */
  openComparer(view: View): RegionComparer {
    assert(view instanceof RepositoryView, 'the view was opened here');
    const { pipeline, keys } = this.#options;
    const nameOf = (chunkNumber: number): Uint8Array =>
      this.#core.tables.chunks.nameOf(chunkNumber);
    const { damage } = this.#options.readers;
    return new RegionComparison({
      view,
      map: view.map,
      nameOf,
      isDamaged: (place) => damage.has(place),
      pipeline,
      nameKey: keys.nameKey,
    });
  }

  /** See Repository. */
  disks(): readonly DiskSummary[] {
    return summarizeAll(this.#core.tables);
  }

  /** See Repository. @throws UNKNOWN_MACHINE, UNKNOWN_DISK */
  disk(name: DiskName): DiskSummary {
    return summarize(this.#core.tables, findDisk(this.#core.tables, name));
  }

  /** See Repository. @throws UNKNOWN_MACHINE, UNKNOWN_DISK */
  timeline(query: TimelineQuery): Timeline {
    return timelineOf(this.#core.tables, query);
  }

  /** See Repository. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP */
  async *changedRanges(
    name: DiskName,
    fromMicros: Micros,
    toMicros: Micros,
  ): AsyncGenerator<ByteRange> {
    const { tables } = this.#core;
    const [earlier, later] = [Math.min(fromMicros, toMicros), Math.max(fromMicros, toMicros)];
    const from = findMoment(tables, name, earlier, false);
    const end = this.#uses.begin(this.#core);
    try {
      yield* changedRanges(tables, from, findMoment(tables, name, later, false));
    } finally {
      end();
    }
  }

  /** See Repository. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, DAMAGED */
  async *changeMoments(
    name: DiskName,
    query: Omit<ChangeMomentsQuery, 'disk'>,
  ): AsyncGenerator<Micros> {
    const { tables } = this.#core;
    const end = this.#uses.begin(this.#core);
    try {
      yield* changeMoments(tables, { ...query, disk: findDisk(tables, name).diskNumber });
    } finally {
      end();
    }
  }

  /** See Repository. @throws IO_FAILED */
  async stats(): Promise<RepositoryStats> {
    const { tables, writer } = this.#core;
    const segments = await this.#options.storage.list(segmentFolder);
    const disks = summarizeAll(tables);
    const machines = tables.names.machines.map((_, index) => index + 1);
    const firsts = machines.map(
      (machine) => tables.commits.oldestAtOrAfter(machine, 0)?.timeMicros,
    );
    const known = firsts.filter((time) => time !== undefined);
    return {
      logicalBytes: writer.counters.logicalBytes,
      uniqueBytes: writer.counters.uniqueBytes,
      storedBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      chunkCount: writer.counters.chunkCount,
      commitCount: writer.counters.commitCount,
      segmentCount: segments.length,
      machineCount: machines.length,
      diskCount: disks.length,
      firstMicros: known.length === 0 ? undefined : Math.min(...known),
      lastMicros: this.lastMicros === 0 ? undefined : this.lastMicros,
    };
  }

  /** See Repository. @throws IO_FAILED */
  check(options: CheckOptions): Promise<CheckReport> {
    const { storage, readers } = this.#options;
    return this.#uses.during(this.#core, ({ tables }) =>
      checkRepository({ storage, readers, tables, ...options }),
    );
  }

  /** See Repository. @throws IO_FAILED, NO_SPACE, INTERRUPTED */
  async rebuild(options: {
    readonly progress?: ProgressSink;
    readonly signal?: AbortSignal;
  }): Promise<{ readonly segmentCount: number; readonly commitCount: number }> {
    if (this.#rebuilding !== undefined) {
      throw new SecondwindError('IN_USE', {
        what: 'The index',
        reason: 'it is being built anew already',
      });
    }
    const work = this.#replaceCore(options).finally(() => {
      this.#rebuilding = undefined;
    });
    this.#rebuilding = work;
    await work;
    const { segmentCount, writer } = this.#core;
    return { segmentCount, commitCount: writer.counters.commitCount };
  }

  /** See Repository. */
  purposeKey(purpose: string, lengthBytes: number): Uint8Array {
    return this.#options.keys.purposeKey(purpose, lengthBytes);
  }

  /** See Repository. @throws DAMAGED, IO_FAILED */
  async keys(): Promise<readonly KeySummary[]> {
    return (await this.#options.slots.list()).map(keySummary);
  }

  /** See Repository. @throws IO_FAILED, NO_SPACE */
  async addKey(secret: KeySecretInput, label: string): Promise<KeySummary> {
    const { slots, keys, clock } = this.#options;
    return keySummary(await slots.add(keys.masterKey, secret, label, createdNow(clock)));
  }

  /** See Repository. @throws NOT_FOUND, LAST_KEY */
  async removeKey(id: string): Promise<void> {
    await this.#options.slots.remove(id);
  }

  /** See Repository. @throws DAMAGED, NOT_FOUND */
  debugSegment(segment: number): Promise<unknown> {
    return debugSegment(this.#options.readers, segment);
  }

  /** See Repository. @throws UNKNOWN_MACHINE, NOT_FOUND, DAMAGED */
  debugCommit(machine: string, sequence: number): Promise<unknown> {
    const { readers } = this.#options;
    return this.#uses.during(this.#core, ({ tables }) =>
      debugCommit(tables, readers, machine, sequence),
    );
  }

  /** See Repository. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP */
  async debugRegion(name: DiskName, region: number, atMicros: Micros): Promise<unknown> {
    await Promise.resolve();
    const moment = findMoment(this.#core.tables, name, atMicros, true);
    return debugRegion(this.#core.tables, moment, region);
  }

  /** See Repository. @throws NOT_FOUND, DAMAGED */
  debugChunk(nameHex: string): Promise<unknown> {
    const { readers } = this.#options;
    return this.#uses.during(this.#core, ({ tables }) => debugChunk(tables, readers, nameHex));
  }

  /** See Repository. */
  async close(): Promise<void> {
    await this.#rebuilding?.catch(() => undefined);
    await this.#core.line.idle();
    await this.#core.segments.close();
    this.#uses.giveUp();
    await this.#retiring;
    await this.#core.store.flushed();
    await this.#core.store.close();
    await this.#options.readers.close();
  }

  async #replaceCore(watch: {
    readonly progress?: ProgressSink;
    readonly signal?: AbortSignal;
  }): Promise<void> {
    const old = this.#core;
    await old.line.idle();
    await old.segments.close();
    const store = await this.#options.indexHome.openFresh();
    try {
      this.#core = await openCore(this.#options, store, watch);
    } catch (error) {
      await store.close();
      // The old index stays in use; only its log goes on in a new segment, since the last one was sealed.
      this.#core = await openCore(this.#options, old.store, {});
      throw error;
    }
    for (const map of this.#maps) map.clear();
    this.#retiring = Promise.all([this.#retiring, this.#retire(old)]);
  }

  /** The index is a cache: what goes wrong with an old one is worth a word, and no more. */
  async #retire(old: Core): Promise<void> {
    try {
      await this.#uses.retire(old);
      await this.#options.indexHome.settle();
    } catch (error) {
      this.#options.log.warn('An old index could not be removed', { error });
    }
  }
}

/**
 * The moment as key slots write it.
 * @param clock - tells it
 */
export function createdNow(clock: Clock): string {
  return new Date(Math.floor(clock.nowMicros() / 1000)).toISOString();
}

function keySummary({ id, kind, label, created }: KeySlot): KeySummary {
  return { id, kind, label, created };
}

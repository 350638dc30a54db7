import { strict as assert } from 'node:assert';
import { SecondwindError } from '../../base/errors.ts';
import { groupBytesMax, loadPagesMax, pageBytes, passingPagesMax } from '../../base/limits.ts';
import { entryAlignmentBytes } from '../../format/entry.ts';
import type { OpenedGroup, WantedGroup } from '../../pipeline/open-pages.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { PageMemory } from './page-memory.ts';
import { PageRoom } from './page-room.ts';

/** Which page. */
export interface PagePlace {
  /** Number of the segment. */
  readonly segment: number;
  /** Offset of the group's entry, bytes. */
  readonly offsetBytes: number;
  /** Number of the page in the group's data, from 0. */
  readonly page: number;
}

/** How pages are brought into memory. */
export interface LoadOptions {
  /** Nobody will want them again: they leave before all others, and few of them are kept. */
  readonly isPassing: boolean;
}

interface Page {
  readonly place: PagePlace;
  readonly memory: Buffer<SharedArrayBuffer>;
  /** As much of the memory as holds data. */
  content: Buffer;
  /** Loads that use it; it stays while there are any. */
  users: number;
  /** Until it has been read. */
  loading: Promise<void> | undefined;
}

assert(groupBytesMax / pageBytes <= entryAlignmentBytes, 'a page has a key of its own');

/** Groups opened by one job: enough to make a message worth its cost, few enough to use all threads. */
const groupsPerJob = 4;

/**
 * Pages of opened groups in memory, the least recently used leave first. All views of a repository share one. It never holds
 * more than it was given, whatever is asked at once: who finds no room waits.
 */
export class PageCache {
  /** Pages that one load may ask for. */
  readonly loadPagesMax: number;
  readonly #readers: Pick<SegmentReaders, 'openPages'>;
  readonly #pages = new Map<number, Page>();
  /** Keys of those that pass, the oldest first. */
  readonly #passing = new Set<number>();
  readonly #memory: PageMemory;
  readonly #room: PageRoom;

  /**
   * @param readers - read and open groups
   * @param capacityBytes - memory for pages; some pages at least
   */
  constructor(readers: Pick<SegmentReaders, 'openPages'>, capacityBytes: number) {
    this.#readers = readers;
    const pagesMax = Math.max(2, Math.floor(capacityBytes / pageBytes));
    this.loadPagesMax = Math.min(loadPagesMax, pagesMax);
    this.#memory = new PageMemory(pagesMax);
    this.#room = new PageRoom(pagesMax);
  }

  /**
   * Looks a page up without waiting.
   * @param place - of the page
   * @returns its content, borrowed until the caller's turn ends; undefined when it is not in memory
   */
  get(place: PagePlace): Buffer | undefined {
    const key = keyOf(place);
    const page = this.#pages.get(key);
    if (page === undefined || page.loading !== undefined) return undefined;
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return page.content;
  }

  /**
   * Brings pages into memory.
   * @param places - any order, repeats allowed, at most loadPagesMax different ones
   * @param options - see LoadOptions
   * @param use - is given their contents in the same order, borrowed until it returns
   * @throws DAMAGED, IO_FAILED
   */
  async load(
    places: readonly PagePlace[],
    options: LoadOptions,
    use: (contents: readonly Buffer[]) => void,
  ): Promise<void> {
    const distinct = new Map(places.map((place) => [keyOf(place), place]));
    await this.#room.take(distinct.size);
    const pages = this.#hold(distinct, options);
    try {
      // All have ended before any is let go: a thread may still be writing into its memory.
      const loading = [...pages.values()].map((page) => page.loading ?? Promise.resolve());
      const settled = await Promise.allSettled(loading);
      const failed = settled.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      use(places.map((place) => pages.get(keyOf(place))?.content ?? noContent));
    } finally {
      for (const [key, page] of pages) this.#release(key, page);
      this.#room.give(distinct.size);
    }
  }

  /** Finds or begins to load each page; none can leave from here on. */
  #hold(distinct: ReadonlyMap<number, PagePlace>, { isPassing }: LoadOptions): Map<number, Page> {
    const held = new Map<number, Page>();
    for (const key of distinct.keys()) {
      const page = this.#pages.get(key);
      if (page === undefined) continue;
      page.users += 1;
      if (!isPassing) this.#passing.delete(key);
      held.set(key, page);
    }
    const missing = [...distinct].filter(([key]) => !held.has(key));
    const begun = missing.map(([key, place]) => {
      const memory = this.#takeMemory();
      const page: Page = { place, memory, content: memory, users: 1, loading: undefined };
      this.#pages.set(key, page);
      if (isPassing) this.#passing.add(key);
      held.set(key, page);
      return page;
    });
    for (const job of jobsOf(begun)) this.#start(job);
    return held;
  }

  #release(key: number, page: Page): void {
    page.users -= 1;
    // A page that failed to load has left the cache before.
    if (page.users === 0 && this.#pages.get(key) !== page) this.#memory.give(page.memory);
  }

  /** There is room, so either memory is free or a page is in no use. */
  #takeMemory(): Buffer<SharedArrayBuffer> {
    const hasManyPassing = this.#passing.size >= passingPagesMax;
    const memory =
      (hasManyPassing ? this.#evict(this.#passing) : undefined) ??
      this.#memory.take() ??
      this.#evict(this.#passing) ??
      this.#evict(this.#pages.keys());
    assert(memory !== undefined, 'room for a page was taken, so there is some');
    return memory;
  }

  #evict(keys: Iterable<number>): Buffer<SharedArrayBuffer> | undefined {
    for (const key of keys) {
      const page = this.#pages.get(key);
      if (page === undefined || page.users > 0) continue;
      this.#drop(key);
      return page.memory;
    }
    return undefined;
  }

  #drop(key: number): void {
    this.#pages.delete(key);
    this.#passing.delete(key);
  }

  #start(groups: readonly Page[][]): void {
    const opening = this.#readers.openPages(groups[0]?.[0]?.place.segment ?? 0, wanted(groups));
    for (const [index, pages] of groups.entries()) {
      const loading = opening.then((opened) => {
        this.#finish(pages, opened[index]);
      });
      const forgetting = loading.catch((error: unknown) => {
        for (const page of pages) this.#drop(keyOf(page.place));
        throw error;
      });
      // Whoever asked awaits the same promise; a failure that nobody awaits any more is not an event of its own.
      forgetting.catch(() => undefined);
      for (const page of pages) page.loading = forgetting;
    }
  }

  #finish(pages: readonly Page[], opened: OpenedGroup | undefined): void {
    for (const page of pages) {
      const { place, memory } = page;
      if (opened === undefined) throw damaged(place, 'nothing was read', place.offsetBytes);
      if ('fault' in opened) throw damaged(place, opened.fault, opened.faultOffsetBytes);
      const lengthBytes = Math.max(0, opened.dataBytes - place.page * pageBytes);
      page.content = memory.subarray(0, lengthBytes);
      page.loading = undefined;
    }
  }
}

const noContent = Buffer.alloc(0);

/** Entries begin at multiples of 16, so the number of a page finds room beside the offset. */
function keyOf({ segment, offsetBytes, page }: PagePlace): number {
  return segment * 2 ** 32 + offsetBytes + page;
}

/** Pages of one group belong together, groups of one segment to one job. */
function jobsOf(pages: readonly Page[]): Page[][][] {
  const groups = new Map<number, Page[]>();
  for (const page of pages) {
    const key = keyOf({ ...page.place, page: 0 });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [page]);
    else group.push(page);
  }
  const jobs: Page[][][] = [];
  for (const group of groups.values()) {
    const job = jobs.at(-1);
    const isSame = job?.[0]?.[0]?.place.segment === group[0]?.place.segment;
    if (job !== undefined && isSame && job.length < groupsPerJob) job.push(group);
    else jobs.push([group]);
  }
  return jobs;
}

function wanted(groups: readonly Page[][]): WantedGroup[] {
  const offsets = groups.map((pages) => pages[0]?.place.offsetBytes ?? 0);
  return groups.map((pages, index) => {
    const offsetBytes = offsets[index] ?? 0;
    // Groups that are read one after the other nearly always lie one behind the other.
    const spanBytes = (offsets[index + 1] ?? 0) - offsetBytes;
    const isLikely = spanBytes > 0 && spanBytes <= groupBytesMax;
    return {
      offsetBytes,
      guessBytes: isLikely ? spanBytes : undefined,
      pages: pages.map(({ place, memory }) => ({ page: place.page, target: memory })),
    };
  });
}

function damaged(place: PagePlace, reason: string, offset: number): SecondwindError {
  const file = segmentName(place.segment);
  return new SecondwindError('DAMAGED', { file, offset, reason, segment: place.segment });
}

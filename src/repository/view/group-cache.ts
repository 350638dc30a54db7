import { strict as assert } from 'node:assert';
import { SecondwindError } from '../../base/errors.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';

/** Where a group lies. */
export interface GroupPlace {
  /** Number of the segment. */
  readonly segment: number;
  /** Offset of its entry, bytes. */
  readonly offsetBytes: number;
}

/** Groups read by one job: enough to make a message worth its cost, few enough to use all threads. */
const groupsPerJob = 4;

/** Opened groups in memory, the least recently used leave first. All views of a repository share one. */
export class GroupCache {
  readonly #readers: SegmentReaders;
  readonly #capacityBytes: number;
  readonly #groups = new Map<number, Uint8Array>();
  readonly #loading = new Map<number, Promise<Uint8Array>>();
  #usedBytes = 0;

  /**
   * @param readers - read and open groups
   * @param capacityBytes - memory for plain groups
   */
  constructor(readers: SegmentReaders, capacityBytes: number) {
    this.#readers = readers;
    this.#capacityBytes = capacityBytes;
  }

  /**
   * Looks a group up without waiting.
   * @param place - of the group
   * @returns its plain payload, borrowed; undefined when it is not in memory
   */
  get(place: GroupPlace): Uint8Array | undefined {
    const key = keyOf(place);
    const plain = this.#groups.get(key);
    if (plain === undefined) return undefined;
    this.#groups.delete(key);
    this.#groups.set(key, plain);
    return plain;
  }

  /**
   * Brings groups into memory.
   * @param places - any order, repeats allowed; neighbours are read by one job
   * @returns their plain payloads, in the same order; valid even when the cache has let them go meanwhile
   * @throws DAMAGED, IO_FAILED
   */
  load(places: readonly GroupPlace[]): Promise<Uint8Array[]> {
    const found = places.map((place) => this.get(place) ?? this.#loading.get(keyOf(place)));
    this.#start(places.filter((_, index) => found[index] === undefined));
    return Promise.all(
      places.map(async (place, index) => {
        const plain = found[index] ?? this.#loading.get(keyOf(place));
        assert(plain !== undefined, 'a group that is not in memory is being loaded');
        return plain;
      }),
    );
  }

  /** Forgets everything: after chunks were moved. */
  clear(): void {
    this.#groups.clear();
    this.#usedBytes = 0;
  }

  #start(places: readonly GroupPlace[]): void {
    const distinct = new Map(places.map((place) => [keyOf(place), place]));
    for (const job of jobsOf([...distinct.values()])) {
      const offsets = job.map((place) => place.offsetBytes);
      const entries = this.#readers.open(job[0]?.segment ?? 0, offsets, 'read');
      for (const [index, place] of job.entries()) {
        const key = keyOf(place);
        const loading = entries
          .then((opened) => this.#keep(place, opened[index]))
          .finally(() => this.#loading.delete(key));
        // Whoever asked awaits the same promise; a failure that nobody awaits any more is not an event of its own.
        loading.catch(() => undefined);
        this.#loading.set(key, loading);
      }
    }
  }

  #keep(place: GroupPlace, entry: OpenedEntry | undefined): Uint8Array {
    if (entry === undefined) throw damaged(place, 'nothing was read', place.offsetBytes);
    if ('fault' in entry) throw damaged(place, entry.fault, entry.faultOffsetBytes);
    if (entry.type !== 'group') throw damaged(place, 'the entry is no group', place.offsetBytes);
    this.#groups.set(keyOf(place), entry.plain);
    this.#usedBytes += entry.plain.length;
    for (const [key, plain] of this.#groups) {
      if (this.#usedBytes <= this.#capacityBytes) break;
      this.#groups.delete(key);
      this.#usedBytes -= plain.length;
    }
    return entry.plain;
  }
}

function keyOf(place: GroupPlace): number {
  return place.segment * 2 ** 32 + place.offsetBytes;
}

function jobsOf(places: readonly GroupPlace[]): GroupPlace[][] {
  const jobs: GroupPlace[][] = [];
  for (const place of places) {
    const job = jobs.at(-1);
    const isSameJob = job?.[0]?.segment === place.segment && job.length < groupsPerJob;
    if (isSameJob) job.push(place);
    else jobs.push([place]);
  }
  return jobs;
}

function damaged(place: GroupPlace, reason: string, offset: number): SecondwindError {
  const file = segmentName(place.segment);
  return new SecondwindError('DAMAGED', { file, offset, reason, segment: place.segment });
}

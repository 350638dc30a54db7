import { fromSystemError, isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { trailerBytes } from '../../format/footer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import {
  decodeSegmentHeader,
  isSegmentHeaderAuthentic,
  type SegmentHeader,
  segmentHeaderBytes,
} from '../../format/segment-header.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { OpenedGroup, WantedGroup } from '../../pipeline/open-pages.ts';
import type { JobUrgency, Pipeline } from '../../pipeline/operation-table.ts';
import type { Storage, StorageReader } from '../../storage/storage.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { KnownDamage } from './known-damage.ts';
import { LoneReads } from './lone-reads.ts';
import { segmentName } from './segment-name.ts';

/** A segment open for reading. */
export interface OpenSegment {
  /** Number of the segment. */
  readonly segment: number;
  /** Its header, authenticated. */
  readonly header: SegmentHeader;
  /** What is wrong with the first copy of the header, when the second one was used. */
  readonly headerFault: FormatFault | undefined;
  /** 32 bytes. */
  readonly segmentKey: Uint8Array;
  /** The open file. */
  readonly reader: StorageReader;
}

interface Held {
  readonly opening: Promise<OpenSegment>;
  /** Counted before anything is awaited, so that a file is never closed between finding and using it. */
  users: number;
}

/** Open files kept for reading, far below the usual limit of 1,024 a process. */
const openSegmentsMax = 256;

/** Reads entries of segments; keeps the files it reads open, up to a limit. */
export class SegmentReaders {
  /** What was found not to be readable. */
  readonly damage: KnownDamage = new KnownDamage();
  readonly #storage: Storage;
  readonly #keys: KeyRing;
  readonly #pipeline: Pipeline;
  readonly #held = new Map<number, Held>();
  readonly #loneReads = new LoneReads();

  /**
   * @param storage - where segments lie
   * @param keys - of the repository
   * @param pipeline - opens entries
   */
  constructor(storage: Storage, keys: KeyRing, pipeline: Pipeline) {
    this.#storage = storage;
    this.#keys = keys;
    this.#pipeline = pipeline;
  }

  /**
   * Reads and opens entries.
   * @param segment - number
   * @param offsets - of the entries, bytes
   * @param urgency - whether somebody waits
   * @returns one result an entry, damage included
   * @throws DAMAGED when the segment's header is; NOT_FOUND, IO_FAILED
   */
  async open(
    segment: number,
    offsets: readonly number[],
    urgency: JobUrgency,
  ): Promise<OpenedEntry[]> {
    return this.use(segment, async ({ reader, segmentKey }) => {
      const job = { source: reader.source, segment, segmentKey, offsets };
      const opened = await this.#run(segment, this.#pipeline.run('open', job, urgency));
      for (const [index, offsetBytes] of offsets.entries()) {
        this.damage.noteEntry(segment, offsetBytes, 'fault' in (opened[index] ?? {}));
      }
      return opened;
    });
  }

  /**
   * Reads and opens groups for somebody who waits, and puts the wanted pages where they are wanted.
   * @param segment - number
   * @param groups - what is wanted of each; their memory is borrowed until the call ends
   * @returns one result a group, damage included
   * @throws DAMAGED when the segment's header is; NOT_FOUND, IO_FAILED
   */
  async openPages(segment: number, groups: readonly WantedGroup[]): Promise<OpenedGroup[]> {
    return this.use(segment, async ({ reader, segmentKey }) => {
      const open = async (wanted: readonly WantedGroup[]): Promise<OpenedGroup[]> => {
        const job = { source: reader.source, segment, segmentKey, groups: wanted };
        return this.#run(segment, this.#pipeline.run('openPages', job, 'read'));
      };
      const [first] = groups;
      // A thread waits for the disk while it reads: neighbours come soon, but reads all over the disk are better under way together.
      const isAlone = first !== undefined && groups.length === 1;
      const opened = isAlone
        ? await this.#loneReads.read(reader, first, (group) => open([group]))
        : await open(groups);
      for (const [index, { offsetBytes }] of groups.entries()) {
        this.damage.noteEntry(segment, offsetBytes, 'fault' in (opened[index] ?? {}));
      }
      return opened;
    });
  }

  /**
   * Lends an open segment for one action.
   * @param segment - number
   * @param action - what to do with it
   * @throws DAMAGED, NOT_FOUND, NEWER_FORMAT, IO_FAILED, and what the action throws
   */
  async use<T>(segment: number, action: (open: OpenSegment) => Promise<T>): Promise<T> {
    const held = this.#hold(segment);
    held.users++;
    try {
      return await action(await held.opening);
    } finally {
      held.users--;
      await this.#evict();
    }
  }

  /** Closes every file. Nobody may be reading. */
  async close(): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    for (const { opening } of all) {
      const open = await opening.catch(() => undefined);
      await open?.reader.close();
    }
  }

  async #run<T>(segment: number, job: Promise<T>): Promise<T> {
    try {
      return await job;
    } catch (error) {
      throw fromSystemError(error, 'Reading', segmentName(segment));
    }
  }

  #hold(segment: number): Held {
    const known = this.#held.get(segment);
    if (known !== undefined) {
      this.#held.delete(segment);
      this.#held.set(segment, known);
      return known;
    }
    const held: Held = { opening: this.#load(segment), users: 0 };
    this.#held.set(segment, held);
    held.opening.catch(() => {
      if (this.#held.get(segment) === held) this.#held.delete(segment);
    });
    return held;
  }

  /** Closes the file that was not used for longest, when there are too many. */
  async #evict(): Promise<void> {
    if (this.#held.size <= openSegmentsMax) return;
    for (const [segment, held] of this.#held) {
      if (held.users > 0) continue;
      this.#held.delete(segment);
      const open = await held.opening.catch(() => undefined);
      await open?.reader.close();
      return;
    }
  }

  async #load(segment: number): Promise<OpenSegment> {
    try {
      const open = await this.#openHeader(segment);
      this.damage.noteSegment(segment, false);
      return open;
    } catch (error) {
      if (isSecondwindError(error, 'DAMAGED')) this.damage.noteSegment(segment, true);
      throw error;
    }
  }

  async #openHeader(segment: number): Promise<OpenSegment> {
    const reader = await this.#openFile(segment);
    try {
      return { segment, reader, ...(await this.#readHeader(segment, reader)) };
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  async #openFile(segment: number): Promise<StorageReader> {
    try {
      return await this.#storage.open(segmentName(segment));
    } catch (error) {
      if (!isSecondwindError(error, 'NOT_FOUND')) throw error;
      const data = { file: segmentName(segment), offset: 0, reason: 'the segment is missing' };
      throw new SecondwindError('DAMAGED', { ...data, segment }, error);
    }
  }

  /** The header stands at the start, and in a sealed segment once more before the trailer. */
  async #readHeader(
    segment: number,
    reader: StorageReader,
  ): Promise<Pick<OpenSegment, 'header' | 'segmentKey' | 'headerFault'>> {
    const first = Buffer.alloc(segmentHeaderBytes);
    await reader.read(first, 0);
    try {
      return { ...this.#checkHeader(segment, first), headerFault: undefined };
    } catch (error) {
      const copy = Buffer.alloc(segmentHeaderBytes);
      const copyAt = (await reader.sizeBytes()) - trailerBytes - segmentHeaderBytes;
      if (copyAt > segmentHeaderBytes) await reader.read(copy, copyAt);
      try {
        const headerFault = error instanceof FormatFault ? error : undefined;
        return { ...this.#checkHeader(segment, copy), headerFault };
      } catch {
        // The first copy's fault is the one to tell: most segments with a bad header have no second one.
        throw translate(error, segment);
      }
    }
  }

  #checkHeader(segment: number, bytes: Buffer): { header: SegmentHeader; segmentKey: Uint8Array } {
    const header = decodeSegmentHeader(bytes);
    const segmentKey = this.#keys.segmentKey(header.keySalt);
    if (header.segment !== segment || !isSegmentHeaderAuthentic(bytes, segmentKey)) {
      throw new FormatFault('the header belongs to another segment or repository', 12);
    }
    return { header, segmentKey };
  }
}

function translate(error: unknown, segment: number): unknown {
  if (!(error instanceof FormatFault)) return error;
  const file = segmentName(segment);
  const found = /^newer format (\d+)/.exec(error.message)?.[1];
  if (found !== undefined)
    return new SecondwindError('NEWER_FORMAT', { file, found, known: 1 }, error);
  const data = { file, offset: error.offsetBytes, reason: error.message, segment };
  return new SecondwindError('DAMAGED', data, error);
}

import { blockBytes, groupBytesMax, pageBytes } from '../base/limits.ts';
import { groupData, groupDirectoryBytes } from '../format/chunk-group.ts';
import { openEntry } from '../format/entry.ts';
import { FormatFault } from '../format/format-fault.ts';
import { type ReadSource, readEntry } from './read-entry.ts';

/** Parts of groups to be brought into memory that threads share. */
export interface OpenPagesJob {
  readonly source: ReadSource;
  /** Number of the segment. */
  readonly segment: number;
  /** 32 bytes. */
  readonly segmentKey: Uint8Array;
  readonly groups: readonly WantedGroup[];
}

/** What is wanted of one group. */
export interface WantedGroup {
  /** Offset of its entry in the segment, bytes. */
  readonly offsetBytes: number;
  /** Length of its entry where that is likely known, bytes. */
  readonly guessBytes: number | undefined;
  /** The beginning of its entry, or all of it, where that was read before. */
  readonly sealed?: Uint8Array<SharedArrayBuffer>;
  readonly pages: readonly WantedPage[];
}

/** One page of a group. */
export interface WantedPage {
  /** Number of the page in the group's data, from 0. */
  readonly page: number;
  /** Receives it from its start on, pageBytes long; as far as the group's data goes. */
  readonly target: Uint8Array<SharedArrayBuffer>;
}

/** What became of a group. When it did not open, its targets hold nothing of use. */
export type OpenedGroup =
  /** Length of the whole group's data, bytes. */
  { readonly dataBytes: number } | { readonly fault: string; readonly faultOffsetBytes: number };

const groupBlocksMax = groupBytesMax / blockBytes;
/** One thread opens one group at a time: in memory that stays in the processor's cache, and is never given back. */
const plainMemory = Buffer.allocUnsafeSlow(groupBytesMax + groupDirectoryBytes(groupBlocksMax));

/**
 * Reads groups, authenticates, decrypts and decompresses them, and copies what is wanted of them.
 * @param job - which pages
 * @returns one result a group, in order; damage is a result, since a reader may have use for the others
 * @throws the system's error when reading itself fails
 */
export function openPages(job: OpenPagesJob): OpenedGroup[] {
  return job.groups.map((group) => openGroup(job, group));
}

function openGroup(job: OpenPagesJob, group: WantedGroup): OpenedGroup {
  const { offsetBytes } = group;
  try {
    const bytes = readEntry(job.source, offsetBytes, group);
    const { header, plain } = openEntry(bytes, { ...job, offsetBytes }, plainMemory);
    if (header.type !== 'group') throw new FormatFault('the entry is no group', 0);
    const data = groupData(plain);
    for (const { page, target } of group.pages) {
      const memory = Buffer.from(target.buffer, target.byteOffset, pageBytes);
      // Of the ways to copy into shared memory only this one is as fast as memory.
      data.copy(memory, 0, page * pageBytes, (page + 1) * pageBytes);
    }
    return { dataBytes: data.length };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { fault: error.message, faultOffsetBytes: offsetBytes + error.offsetBytes };
  }
}

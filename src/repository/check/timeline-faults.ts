import { setImmediate as nextTurn } from 'node:timers/promises';
import { isIndexDamage } from '../index-tables/index-damage.ts';
import { walkRowsPerTurn } from '../index-tables/index-limits.ts';
import type { TimelineTable } from '../index-tables/timeline-table.ts';

const faultsMax = 100;
const keyBytesMax = 17;

/**
 * Reads every row of the timeline, in slices.
 * @param timeline - to walk
 * @param signal - ends the work early
 * @returns what is wrong, the first hundred
 * @throws IO_FAILED; the signal's reason
 */
export async function timelineFaults(
  timeline: TimelineTable,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const end = new Uint8Array(keyBytesMax).fill(0xff);
  let from: Uint8Array | undefined = Uint8Array.of(0);
  while (from !== undefined && faults.length < faultsMax) {
    signal?.throwIfAborted();
    from = walkSlice(timeline, from, end, faults);
    await nextTurn();
  }
  return faults;
}

/**
 * @returns where to go on, behind a damaged row too; undefined at the end
 * @throws IO_FAILED
 */
function walkSlice(
  timeline: TimelineTable,
  from: Uint8Array,
  end: Uint8Array,
  faults: string[],
): Uint8Array | undefined {
  let last: Uint8Array | undefined;
  let count = 0;
  try {
    for (const { key, value } of timeline.rows(from, end, walkRowsPerTurn)) {
      last = key;
      count++;
      timeline.decode(key, value);
    }
  } catch (error) {
    if (!isIndexDamage(error)) throw error;
    faults.push(error.message);
    const row = Buffer.from(String(error.data['row'] ?? ''), 'hex');
    return row.length === 0 ? undefined : behind(row);
  }
  return last === undefined || count < walkRowsPerTurn ? undefined : behind(last);
}

function behind(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

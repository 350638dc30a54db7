import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { segmentHeaderBytes } from '../../format/segment-header.ts';
import type { Storage } from '../../storage/storage.ts';
import { wholeSegment } from './segment-file.ts';
import { segmentFolder, segmentName, segmentNumber } from './segment-name.ts';
import type { SegmentReaders } from './segment-readers.ts';

/** A segment file in the store. */
export interface SegmentObject {
  /** Number of the segment. */
  readonly segment: number;
  readonly sizeBytes: number;
}

/** A segment, and how much of it counts. */
export interface CountedSegment extends SegmentObject {
  /**
   * What the header of a later segment says: bytes, wholeSegment, or 0 for one that was passed over. Undefined: none says
   * anything; the segment ends the log, or the one behind it cannot be read.
   */
  readonly lengthBytes: number | undefined;
  /** Why it cannot be read at all. */
  readonly fault: SecondwindError | undefined;
}

/**
 * Lists the segments of a store.
 * @param storage - where they lie
 * @returns in order of number
 * @throws IO_FAILED
 */
export async function listSegments(storage: Storage): Promise<SegmentObject[]> {
  const objects = await storage.list(segmentFolder);
  const segments = objects.flatMap(({ name, sizeBytes }) => {
    const segment = segmentNumber(name);
    return segment === undefined ? [] : [{ segment, sizeBytes }];
  });
  return segments.sort((left, right) => left.segment - right.segment);
}

/**
 * Finds out how much of each segment counts, by reading the headers of all.
 * @param readers - open the segments
 * @param objects - in order of number, to the end of the log
 * @param firstSegment - number of the first one wanted, from 1: missing ones before it are not missed
 * @returns the same segments. A file that is no longer than a header it does not have, and that no later header names, is
 *   one whose making was cut short: it counts for nothing, and is no damage.
 * @throws NEWER_FORMAT, IO_FAILED
 */
export async function countSegments(
  readers: SegmentReaders,
  objects: readonly SegmentObject[],
  firstSegment: number,
): Promise<CountedSegment[]> {
  const counted: { -readonly [Field in keyof CountedSegment]: CountedSegment[Field] }[] = [];
  for (const object of objects) {
    const { header, fault } = await headerOf(readers, object.segment);
    if (header !== undefined) {
      const { previousSegment, previousLengthBytes } = header;
      const newest = counted.at(-1)?.segment ?? firstSegment - 1;
      if (previousSegment > newest && previousLengthBytes > 0)
        counted.push(missing(previousSegment));
      for (let index = counted.length - 1; index >= 0; index--) {
        const before = counted[index]!;
        if (before.segment < previousSegment) break;
        before.lengthBytes = before.segment === previousSegment ? previousLengthBytes : 0;
      }
    }
    counted.push({ ...object, lengthBytes: undefined, fault });
  }
  for (const segment of counted) {
    const isNamed = segment.lengthBytes !== undefined && segment.lengthBytes > 0;
    if (segment.fault === undefined || isNamed || segment.sizeBytes > segmentHeaderBytes) continue;
    segment.lengthBytes = 0;
    segment.fault = undefined;
  }
  return counted;
}

/** A segment that a later header names and that is not in the store. */
function missing(segment: number): CountedSegment {
  const data = { file: segmentName(segment), offset: 0, reason: 'the segment is missing', segment };
  const fault = new SecondwindError('DAMAGED', data);
  return { segment, sizeBytes: 0, lengthBytes: undefined, fault };
}

/**
 * Tells whether a place in a segment counts.
 * @param segment - see countSegments
 * @param offsetBytes - the place
 */
export function isCounted(segment: CountedSegment, offsetBytes: number): boolean {
  return offsetBytes < (segment.lengthBytes ?? wholeSegment);
}

async function headerOf(
  readers: SegmentReaders,
  segment: number,
): Promise<{
  header?: { previousSegment: number; previousLengthBytes: number };
  fault: SecondwindError | undefined;
}> {
  try {
    return await readers.use(segment, ({ header }) =>
      Promise.resolve({ header, fault: undefined }),
    );
  } catch (error) {
    // What its header would say of the one before stays unsaid; whoever asked decides what that means.
    if (isSecondwindError(error, 'DAMAGED')) return { fault: error };
    throw error;
  }
}

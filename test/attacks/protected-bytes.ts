import { decodeEntryHeader, entryHeaderBytes, entrySpanBytes } from '../../src/format/entry.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from '../../src/format/segment-header.ts';

/** A part of a file in which no byte may change unnoticed. */
export interface ProtectedRange {
  readonly name: string;
  readonly fromBytes: number;
  readonly toBytes: number;
}

/**
 * Finds the bytes that count: headers of segments and every acknowledged entry. Not what a later header voids, the zeroes that
 * fill entries up, and the trailer, which only tells where the footer is.
 * @param files - of a sound store
 */
export function protectedRanges(files: ReadonlyMap<string, Buffer>): ProtectedRange[] {
  const segments = [...files].filter(([name]) => name.startsWith('segments/'));
  const headers = segments.map(([, bytes]) => decodeSegmentHeader(bytes));
  const ranges: ProtectedRange[] = [];
  for (const [index, [name, bytes]] of segments.entries()) {
    const { segment } = headers[index]!;
    const next = headers.findLast(({ previousSegment }) => previousSegment === segment);
    const isPassedOver = headers.some(
      (later) => later.previousSegment < segment && later.segment > segment,
    );
    if (isPassedOver) continue;
    ranges.push({ name, fromBytes: 0, toBytes: segmentHeaderBytes });
    const end = Math.min(next?.previousLengthBytes ?? bytes.length, bytes.length);
    let at = segmentHeaderBytes;
    while (at + entryHeaderBytes <= end && bytes.readUInt32LE(at) === 0x31455753) {
      const { payloadBytes } = decodeEntryHeader(bytes.subarray(at));
      ranges.push({ name, fromBytes: at, toBytes: at + entryHeaderBytes + payloadBytes });
      at += entrySpanBytes(payloadBytes);
    }
  }
  return ranges;
}

/**
 * Tells whether any byte that counts is not what it was.
 * @param ranges - of the sound store
 * @param sound - its files
 * @param damaged - the files now
 * @returns names of the files concerned
 */
export function changedFiles(
  ranges: readonly ProtectedRange[],
  sound: ReadonlyMap<string, Buffer>,
  damaged: ReadonlyMap<string, Buffer>,
): Set<string> {
  const changed = ranges.filter(({ name, fromBytes, toBytes }) => {
    const before = sound.get(name)!.subarray(fromBytes, toBytes);
    return damaged.get(name)?.subarray(fromBytes, toBytes).equals(before) !== true;
  });
  return new Set(changed.map(({ name }) => name));
}

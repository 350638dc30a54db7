import type { DiskExtent, ReadableDisk } from '../disk/disk.ts';

/** What lies at the start of a span. One of the two is 0. */
export interface HoleOrData {
  /** Bytes that are a hole on both disks. */
  readonly holeBytes: number;
  /** Bytes for which at least one disk says that it holds data. */
  readonly dataBytes: number;
}

/**
 * Looks whether a span begins with a hole on a disk and in what is stored of it, so that neither needs to be read.
 * @param disk - the disk
 * @param stored - what is stored of it; undefined: nothing, which counts as a hole
 * @param span - start and length, bytes, on `disk`
 */
export async function commonHole(
  disk: ReadableDisk,
  stored: ReadableDisk | undefined,
  span: { readonly start: number; readonly lengthBytes: number },
): Promise<HoleOrData> {
  const own = await leading(disk, span.start, span.lengthBytes);
  if (stored === undefined || own.holeBytes === 0) return own;
  const lengthBytes = Math.min(own.holeBytes, stored.sizeBytes - span.start);
  if (lengthBytes <= 0) return { holeBytes: 0, dataBytes: own.holeBytes };
  return leading(stored, span.start, lengthBytes);
}

async function leading(
  disk: ReadableDisk,
  start: number,
  lengthBytes: number,
): Promise<HoleOrData> {
  const extents = await disk.extents(start, lengthBytes);
  const isHole = isKnownHole(extents[0]);
  let bytes = 0;
  for (const extent of extents) {
    if (isKnownHole(extent) !== isHole) break;
    bytes += extent.lengthBytes;
  }
  return isHole ? { holeBytes: bytes, dataBytes: 0 } : { holeBytes: 0, dataBytes: bytes };
}

/** What was excluded is nothing to compare with. */
function isKnownHole(extent: DiskExtent | undefined): boolean {
  return extent?.isHole === true && extent.isExcluded !== true;
}

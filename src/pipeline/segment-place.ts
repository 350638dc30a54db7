/** What an operation must know of the segment it seals into. */
export interface SegmentPlace {
  /** Number of the segment. */
  readonly segment: number;
  /** 32 bytes. */
  readonly segmentKey: Uint8Array;
  /**
   * One 32-bit counter in shared memory: where the next entry begins, in units of 16 bytes. Threads take their
   * space by adding to it, so offsets are known before sealing and are never handed out twice.
   */
  readonly tail: SharedArrayBuffer;
}

/** Unit of the tail counter, bytes: the alignment of entries. */
const unitBytes = 16;

/**
 * Takes space at the end of the segment.
 * @param place - the segment
 * @param spanBytes - a multiple of 16
 * @returns offset of the space, bytes
 */
export function takeSpace(place: SegmentPlace, spanBytes: number): number {
  return Atomics.add(new Int32Array(place.tail), 0, spanBytes / unitBytes) * unitBytes;
}

/**
 * Makes the shared counter of a segment.
 * @param startBytes - offset of the first entry
 */
export function newTail(startBytes: number): SharedArrayBuffer {
  const tail = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(tail), 0, startBytes / unitBytes);
  return tail;
}

/**
 * Tells where the next entry would begin.
 * @param tail - counter of the segment
 * @returns offset, bytes
 */
export function tailBytes(tail: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(tail), 0) * unitBytes;
}

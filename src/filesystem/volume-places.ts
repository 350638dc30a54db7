import type { VolumeSpan } from './volume.ts';

/** A range of one disk. */
export interface DiskPlace {
  /** Name of the disk. */
  readonly disk: string;
  /** Start on the disk, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
}

/**
 * Where a range of a volume lies on the disks.
 * @param spans - of the volume, in order
 * @param offsetBytes - start in the volume
 * @param lengthBytes - length; what lies beyond the end of the volume is left out
 * @returns places in the order of the volume
 */
export function* volumePlaces(
  spans: readonly VolumeSpan[],
  offsetBytes: number,
  lengthBytes: number,
): Generator<DiskPlace> {
  const end = offsetBytes + lengthBytes;
  let at = offsetBytes;
  for (let index = firstSpan(spans, offsetBytes); at < end && index < spans.length; index += 1) {
    const span = spans[index]!;
    const spanEnd = Math.min(span.startBytes + span.lengthBytes, end);
    while (at < spanEnd) {
      const place = placeIn(span, at, spanEnd);
      yield place;
      at += place.lengthBytes;
    }
  }
}

/** One unit of a striped span at most; a whole span that is not striped. */
function placeIn(span: VolumeSpan, at: number, end: number): DiskPlace {
  const inSpan = at - span.startBytes;
  const unit = Math.floor(inSpan / span.stripeBytes);
  const inUnit = inSpan - unit * span.stripeBytes;
  const stripe = span.stripes[unit % span.stripes.length]!;
  const row = Math.floor(unit / span.stripes.length);
  return {
    disk: stripe.disk,
    offsetBytes: stripe.offsetBytes + row * span.stripeBytes + inUnit,
    lengthBytes: Math.min(span.stripeBytes - inUnit, end - at),
  };
}

/** Number of the last span that begins at or before an offset. */
function firstSpan(spans: readonly VolumeSpan[], offsetBytes: number): number {
  let low = 0;
  let high = spans.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.startBytes <= offsetBytes) low = middle;
    else high = middle;
  }
  return low;
}

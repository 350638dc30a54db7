import type { ByteRange } from './file-system.ts';
import type { StripePlace, VolumeSpan } from './volume.ts';

/**
 * Where a range of one disk lies in a volume: the way back from volumePlaces.
 * @param spans - of the volume, in order
 * @param disk - name of the disk
 * @param range - on that disk
 * @returns ranges of the volume, ascending within each span; none for what belongs to others
 */
export function* volumeRanges(
  spans: readonly VolumeSpan[],
  disk: string,
  range: ByteRange,
): Generator<ByteRange> {
  for (const span of spans) {
    for (const [index, stripe] of span.stripes.entries()) {
      if (stripe.disk === disk) yield* rangesIn(span, { ...stripe, index }, range);
    }
  }
}

function* rangesIn(
  span: VolumeSpan,
  stripe: StripePlace & { readonly index: number },
  range: ByteRange,
): Generator<ByteRange> {
  const { stripeBytes, stripes, startBytes, lengthBytes } = span;
  const sharedBytes = Math.ceil(lengthBytes / stripes.length / stripeBytes) * stripeBytes;
  const ownBytes = stripes.length === 1 ? lengthBytes : sharedBytes;
  let at = Math.max(0, range.offsetBytes - stripe.offsetBytes);
  const end = Math.min(ownBytes, range.offsetBytes + range.lengthBytes - stripe.offsetBytes);
  while (at < end) {
    const row = Math.floor(at / stripeBytes);
    const inUnit = at - row * stripeBytes;
    const inSpan = (row * stripes.length + stripe.index) * stripeBytes + inUnit;
    const partBytes = Math.min(stripeBytes - inUnit, end - at, lengthBytes - inSpan);
    if (partBytes <= 0) return;
    yield { offsetBytes: startBytes + inSpan, lengthBytes: partBytes };
    at += partBytes;
  }
}

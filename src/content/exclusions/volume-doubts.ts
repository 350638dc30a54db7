import type { Volume } from '../../filesystem/volume.ts';

/**
 * Why nothing of a volume may be excluded because of where it lies, as the end of a sentence.
 * @param volume - one of them
 * @param all - every volume on the disk, those that cannot be read too
 * @returns undefined when it has its place for itself
 */
export function placeDoubt(volume: Volume, all: readonly Volume[]): string | undefined {
  const others = all.filter((other) => other !== volume);
  const shared = others.find((other) => shareBytes(volume, other));
  if (shared !== undefined) return `it overlaps ${shared.address}`;
  if (volume.kind !== 'logical-volume') return undefined;
  // A snapshot shows blocks of its origin that the origin itself may have given up.
  const group = `${volume.address.split('/')[0]!}/`;
  const unread = others.find(
    ({ address, kind, refusal }) =>
      kind === 'logical-volume' && address.startsWith(group) && refusal !== undefined,
  );
  if (unread === undefined) return undefined;
  return `blocks of it may belong to ${unread.address}, of which ${unread.refusal ?? ''}`;
}

function shareBytes(one: Volume, other: Volume): boolean {
  return one.spans.some((span) =>
    placesOf(span).some((left) =>
      other.spans.some((otherSpan) =>
        placesOf(otherSpan).some(
          (right) => left.disk === right.disk && left.start < right.end && right.start < left.end,
        ),
      ),
    ),
  );
}

function placesOf({ lengthBytes, stripes, stripeBytes }: Volume['spans'][number]) {
  const shareOfStripe =
    stripes.length === 1
      ? lengthBytes
      : Math.ceil(lengthBytes / stripes.length / stripeBytes) * stripeBytes;
  return stripes.map(({ disk, offsetBytes }) => ({
    disk,
    start: offsetBytes,
    end: offsetBytes + shareOfStripe,
  }));
}

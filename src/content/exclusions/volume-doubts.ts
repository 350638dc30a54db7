import type { Volume, VolumeSpan } from '../../filesystem/volume.ts';

/**
 * Why nothing of a volume may be excluded because of where it lies, as the end of a sentence.
 * @param volume - one of them
 * @param all - every volume on the disk, those that cannot be read too
 * @returns undefined when it has its place for itself
 */
export function placeDoubt(volume: Volume, all: readonly Volume[]): string | undefined {
  const isLogical = volume.kind === 'logical-volume';
  const sharing = all.filter((other) => other !== volume && shareBytes(volume, other));
  for (const other of sharing) {
    if (!isLogical || other.isMember !== true) return `it overlaps ${other.address}`;
    const doubt = placeDoubt(
      other,
      all.filter(({ kind }) => kind !== 'logical-volume'),
    );
    if (doubt !== undefined)
      return `${other.address}, on which it lies, has a doubtful place: ${doubt}`;
  }
  return isLogical ? snapshotDoubt(volume, all) : undefined;
}

/** A snapshot or thin volume shows blocks of another volume that this one may have given up; such are listed without a place. */
function snapshotDoubt({ address }: Volume, all: readonly Volume[]): string | undefined {
  const group = `${address.split('/')[0]!}/`;
  const placeless = all.find(
    (other) =>
      other.kind === 'logical-volume' &&
      other.address.startsWith(group) &&
      other.refusal !== undefined &&
      other.spans.length === 0,
  );
  if (placeless === undefined) return undefined;
  return `blocks of it may belong to ${placeless.address} too (${placeless.refusal ?? ''})`;
}

function shareBytes(one: Volume, other: Volume): boolean {
  return one.spans
    .flatMap(placesOf)
    .some((left) =>
      other.spans
        .flatMap(placesOf)
        .some(
          (right) => left.disk === right.disk && left.start < right.end && right.start < left.end,
        ),
    );
}

interface Place {
  readonly disk: string;
  readonly start: number;
  readonly end: number;
}

function placesOf({ lengthBytes, stripes, stripeBytes }: VolumeSpan): Place[] {
  const unitsOfStripe = Math.ceil(lengthBytes / stripes.length / stripeBytes);
  const ownBytes = stripes.length === 1 ? lengthBytes : unitsOfStripe * stripeBytes;
  return stripes.map(({ disk, offsetBytes: start }) => ({ disk, start, end: start + ownBytes }));
}

import type { FileId } from './file-system.ts';

/** Digits of the largest place on a disk: 2^53. */
const digitsMax = 16;

/**
 * The places that an identity made of offsets names.
 * @param id - hostile text: offsets of entries as decimal numbers, joined by "-"
 * @returns one to two safe integers; undefined when it is something else
 */
export function placesOfId(id: FileId): readonly number[] | undefined {
  const parts = id.split('-', 3);
  if (parts.length > 2) return undefined;
  const places = parts.map((part) =>
    /^\d+$/.test(part) && part.length <= digitsMax ? Number(part) : NaN,
  );
  return places.every((place) => Number.isSafeInteger(place)) ? places : undefined;
}

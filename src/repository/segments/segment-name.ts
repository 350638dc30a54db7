const pattern = /^segments\/(\d{8,10})\.seg$/;

/** Folder of all segments. */
export const segmentFolder = 'segments/';

/**
 * Name of a segment in the store.
 * @param segment - number, from 1
 */
export function segmentName(segment: number): string {
  return `${segmentFolder}${String(segment).padStart(8, '0')}.seg`;
}

/**
 * Number of a segment.
 * @param name - name of an object
 * @returns undefined when the object is none
 */
export function segmentNumber(name: string): number | undefined {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

import type { Micros } from '../base/clock.ts';

/**
 * A moment as DOS writes it, local time without a zone: taken as UTC.
 * @param date - years from 1980 (7 bits), month (4), day (5)
 * @param time - hour (5 bits), minute (6), seconds by two (5)
 * @param centiseconds - 0 to 199, added to the time
 * @returns 0 for what is no date: a field that was never filled in
 * @source Microsoft FAT specification, "Date and Time Formats"; exFAT specification, §7.4.8
 */
export function dosMicros(date: number, time: number, centiseconds = 0): Micros {
  const month = (date >> 5) & 15;
  const day = date & 31;
  if (month < 1 || month > 12 || day < 1) return 0;
  const seconds = (time & 31) * 2;
  const ms = Date.UTC(1980 + (date >> 9), month - 1, day, time >> 11, (time >> 5) & 63, seconds);
  return ms * 1000 + Math.min(centiseconds, 199) * 10_000;
}

/** What the attribute byte of FAT and exFAT says, for people; that a file is to be archived is no matter of theirs. */
const attributeWords: readonly (readonly [number, string])[] = [
  [0x01, 'read-only'],
  [0x02, 'hidden'],
  [0x04, 'system'],
];

/** Most files have no flag: they share the list. */
const none: readonly string[] = [];

/**
 * The flags of a file in words.
 * @param attributes - the attribute byte of FAT, the low byte of exFAT
 */
export function dosFlags(attributes: number): readonly string[] {
  if ((attributes & 7) === 0) return none;
  return attributeWords.filter(([bit]) => (attributes & bit) !== 0).map(([, word]) => word);
}

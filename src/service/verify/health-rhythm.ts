import { SecondwindError } from '../../base/errors.ts';

const hourMs = 60 * 60 * 1000;

/** How often a health check runs by itself. */
export type HealthRhythm = 'every-hour' | 'every-6h' | 'every-12h' | 'every-day' | 'every-week';

const intervals: Readonly<Record<HealthRhythm, number>> = {
  'every-hour': hourMs,
  'every-6h': 6 * hourMs,
  'every-12h': 12 * hourMs,
  'every-day': 24 * hourMs,
  'every-week': 7 * 24 * hourMs,
};

/** All rhythms, the most frequent first. */
export const healthRhythms: readonly HealthRhythm[] = Object.keys(intervals) as HealthRhythm[];

/**
 * Understands a rhythm.
 * @param word - as people write it
 * @throws USAGE
 */
export function readRhythm(word: string): HealthRhythm {
  const rhythm = healthRhythms.find((each) => each === word);
  if (rhythm !== undefined) return rhythm;
  const reason = `"${word}" does not say how often; write ${healthRhythms.join(', ')}`;
  throw new SecondwindError('USAGE', { reason });
}

/**
 * Least time between two checks.
 * @param rhythm - how often
 * @returns milliseconds
 */
export function intervalMsOf(rhythm: HealthRhythm): number {
  return intervals[rhythm];
}

import { SecondwindError } from '../base/errors.ts';

/**
 * Reads a count from the command line.
 * @param text - decimal digits
 * @throws USAGE
 */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SecondwindError('USAGE', { reason: `"${text.slice(0, 60)}" is not a whole number` });
}

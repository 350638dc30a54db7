import { SecondwindError } from '../base/errors.ts';

/**
 * Ends a long action that nobody wants any more.
 * @param signal - aborted when that is so
 * @param action - what is interrupted, as the start of a sentence
 * @throws INTERRUPTED
 */
export function throwIfInterrupted(signal: AbortSignal, action: string): void {
  if (signal.aborted) throw new SecondwindError('INTERRUPTED', { action });
}

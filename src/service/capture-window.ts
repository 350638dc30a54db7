import { SecondwindError } from '../base/errors.ts';

const windowMsDefault = 1_000;
const windowMsMin = 10;
const windowMsMax = 3_600_000;

/**
 * Checks the time between two points of a machine.
 * @param windowMs - milliseconds; a second when left out
 * @throws USAGE
 */
export function checkWindow(windowMs: number = windowMsDefault): number {
  if (windowMs >= windowMsMin && windowMs <= windowMsMax) return windowMs;
  const reason = `A window lasts ${windowMsMin} ms to ${windowMsMax} ms, not ${windowMs}`;
  throw new SecondwindError('USAGE', { reason });
}

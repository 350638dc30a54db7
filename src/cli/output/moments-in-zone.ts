import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { formatMoment } from '../../base/time-text.ts';
import { microsOfIso } from '../../service/moments.ts';

const wholeIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

/**
 * Shows the moments in an error's message in the zone of whoever reads it.
 * @param error - anything caught; only errors of the table change
 * @param timeZone - IANA name
 */
export function inZone(error: unknown, timeZone: string): unknown {
  if (!isSecondwindError(error)) return error;
  const data = Object.fromEntries(
    Object.entries(error.data).map(([name, value]) => {
      const isMoment = typeof value === 'string' && wholeIso.test(value);
      return [name, isMoment ? formatMoment(microsOfIso(value), timeZone) : value];
    }),
  );
  return new SecondwindError(error.code, data, error);
}

import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { errorNumber } from './numbers.ts';

/** System errors that have a number of their own on the wire; all others are NBD_EIO. */
const systemNumbers: Readonly<Record<string, number>> = {
  EPERM: errorNumber.notPermitted,
  EACCES: errorNumber.notPermitted,
  EROFS: errorNumber.notPermitted,
  ENOSPC: errorNumber.noSpace,
  EDQUOT: errorNumber.noSpace,
  EFBIG: errorNumber.noSpace,
};

/**
 * Finds the number that tells a client of an error.
 * @param error - what a disk threw
 * @source proto.md, "Error values"
 */
export function errorNumberOf(error: unknown): number {
  if (isSecondwindError(error)) {
    if (error.code === 'NO_SPACE') return errorNumber.noSpace;
    if (error.code === 'READ_ONLY') return errorNumber.notPermitted;
    return errorNumber.io;
  }
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return (code === undefined ? undefined : systemNumbers[code]) ?? errorNumber.io;
}

/**
 * Turns an error number of a server into an error of the table.
 * @param number - from the wire, not 0
 * @param action - what was being attempted, as the start of a sentence
 * @param server - name of the other side
 */
export function errorOfNumber(number: number, action: string, server: string): SecondwindError {
  if (number === errorNumber.noSpace) {
    return new SecondwindError('NO_SPACE', { file: server, action });
  }
  if (number === errorNumber.notPermitted)
    return new SecondwindError('READ_ONLY', { what: server });
  const reason = `the server answered with error ${number}`;
  return new SecondwindError('IO_FAILED', { action, file: server, reason, errorNumber: number });
}

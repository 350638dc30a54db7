import { isSecondwindError } from '../../base/errors.ts';
import { errno } from '../protocol/numbers.ts';

/**
 * What the kernel tells a program whose request failed.
 * @param error - what a served tree threw
 * @returns an error number of Linux
 */
export function errorNumber(error: unknown): number {
  if (!isSecondwindError(error)) return errno.inputOutput;
  switch (error.code) {
    case 'NO_SUCH_FILE':
    case 'NOT_FOUND':
    case 'NO_POINT_YET':
    case 'POINT_IN_GAP':
      return errno.noSuchFile;
    case 'NOT_A_DIRECTORY':
      return errno.notADirectory;
    case 'NOT_A_FILE':
      return errno.invalid;
    case 'CANNOT_LOOK_INSIDE':
      return errno.accessDenied;
    case 'LIMIT_EXCEEDED':
      return errno.tooManyFiles;
    case 'DAMAGED':
    case 'FILE_SYSTEM_DAMAGED':
      return errno.damaged;
    default:
      return errno.inputOutput;
  }
}

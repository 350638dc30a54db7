import { errorTable } from '../base/error-table.ts';

/** What each exit code means, for help and documentation. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'a fault of Secondwind itself',
  2: 'wrong call: unknown words, a time or size that is not understood, not a disk',
  3: 'not found: machine, disk, view, key',
  4: 'refused for safety: target too small, mounted, exists already, last key',
  5: 'in use: another server, another client',
  6: 'wrong key or passphrase',
  7: 'damage was found',
  8: 'input, output or space failed',
  9: 'no server answers',
  10: 'no such point in time, or it lies in a gap',
  130: 'interrupted',
};

/**
 * Rows of the error table that end with an exit code.
 * @param exitCode - a key of exitCodes
 */
export function errorsOfExitCode(exitCode: number): string[] {
  return Object.entries(errorTable)
    .filter(([, definition]) => definition.exitCode === exitCode)
    .map(([code]) => code);
}

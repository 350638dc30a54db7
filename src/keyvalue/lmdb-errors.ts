import { SecondwindError } from '../base/errors.ts';

/** Return codes of LMDB that say the file itself is wrong: page not found, corrupted, panic, version, invalid. */
const damageCodes = new Set([-30797, -30796, -30795, -30794, -30793]);
const mapFullCode = -30792;

/**
 * Translates what LMDB threw into an error of the table.
 * @param error - anything caught
 * @param action - what was being attempted, as the start of a sentence
 * @param file - data file
 * @returns DAMAGED, NO_SPACE or IO_FAILED
 */
export function fromLmdbError(error: unknown, action: string, file: string): SecondwindError {
  if (error instanceof SecondwindError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = Number((error as { code?: unknown } | undefined)?.code);
  if (damageCodes.has(code) || /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC)/.test(reason)) {
    return new SecondwindError('DAMAGED', { file, offset: 0, reason, index: file }, error);
  }
  if (
    code === mapFullCode ||
    code === 28 ||
    code === 122 ||
    /No space left|MDB_MAP_FULL/.test(reason)
  ) {
    return new SecondwindError('NO_SPACE', { file, action }, error);
  }
  return new SecondwindError(
    'IO_FAILED',
    { action, file, reason, systemCode: String(code) },
    error,
  );
}

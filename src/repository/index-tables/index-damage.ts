import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { FormatFault } from '../../format/format-fault.ts';

/**
 * Makes the error for a row that cannot be right. The answer is always the same: rebuild the index from the segments.
 * @param table - the index
 * @param key - key of the row
 * @param cause - what is wrong: a clause, or the fault that decoding met
 */
export function indexDamage(table: string, key: Uint8Array, cause: unknown): SecondwindError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const offset = cause instanceof FormatFault ? cause.offsetBytes : 0;
  const row = Buffer.from(key).toString('hex');
  const file = `index ${table}, row ${row}`;
  return new SecondwindError('DAMAGED', { file, offset, reason, index: table, row }, cause);
}

/**
 * Whether an error says that an index is damaged (and not a segment), so that rebuilding it is the cure.
 * @param error - anything caught
 */
export function isIndexDamage(error: unknown): error is SecondwindError {
  return isSecondwindError(error, 'DAMAGED') && error.data['index'] !== undefined;
}

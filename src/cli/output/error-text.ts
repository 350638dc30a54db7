import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { visible } from './table.ts';

/** What a failed command leaves behind. */
export interface FailureText {
  /** What is written to standard error, with its newlines. */
  readonly text: string;
  /** Exit code of the process. */
  readonly exitCode: number;
}

/**
 * Tells people or programs why a command failed.
 * @param caught - anything
 * @param isJson - for programs
 * @param program - that failed
 */
export function failureText(
  caught: unknown,
  isJson: boolean,
  program: string = 'secondwind',
): FailureText {
  const error = isSecondwindError(caught) ? caught : internal(caught);
  const { code, message, advice, data, definition } = error;
  const text = isJson
    ? `${JSON.stringify({ code, message, advice, data })}\n`
    : `${program}: ${visible(message)}\n${visible(advice)}\n`;
  return { text, exitCode: definition.exitCode };
}

/** A bug of ours: the stack is the report. */
function internal(caught: unknown): SecondwindError {
  const reason = caught instanceof Error ? (caught.stack ?? caught.message) : String(caught);
  return new SecondwindError('INTERNAL', { reason: reason.replaceAll('\n', ' ') }, caught);
}

import { type ErrorCode, type ErrorDefinition, errorTable } from './error-table.ts';

/** Evidence carried by an error: offsets, names, checksums. Values are shown to people, so never a secret. */
export type ErrorData = Readonly<Record<string, string | number | boolean>>;

/** An error of the world (not a bug of ours): a code from the table, its evidence, and what caused it. */
export class SecondwindError extends Error {
  /** Row in the error table. */
  readonly code: ErrorCode;
  /** Values for the placeholders, and further evidence. */
  readonly data: ErrorData;

  /**
   * @param code - row in the error table
   * @param data - values for the row's placeholders and further evidence
   * @param cause - the error below, when this one translates it
   */
  constructor(code: ErrorCode, data: ErrorData, cause?: unknown) {
    super(fill(errorTable[code].message, data), cause === undefined ? {} : { cause });
    this.name = 'SecondwindError';
    this.code = code;
    this.data = data;
  }

  /** The table row: HTTP status, exit code, whether a retry may help. */
  get definition(): ErrorDefinition {
    return errorTable[this.code];
  }

  /** One sentence that says what to do next. */
  get advice(): string {
    return fill(this.definition.advice, this.data);
  }
}

/**
 * Whether `error` is one of the table's, optionally of one code.
 * @param error - anything caught
 * @param code - row to compare with; any row when left out
 */
export function isSecondwindError(error: unknown, code?: ErrorCode): error is SecondwindError {
  return error instanceof SecondwindError && (code === undefined || error.code === code);
}

/**
 * Translates a failed system call into an error of the table: NO_SPACE for ENOSPC and EDQUOT, else IO_FAILED; INTERNAL
 * for what is no system error at all.
 * @param error - what the call threw
 * @param action - what was being attempted, as the start of a sentence: "Writing"
 * @param file - the file or device it concerned
 */
export function fromSystemError(error: unknown, action: string, file: string): SecondwindError {
  if (error instanceof SecondwindError) return error;
  const systemCode = (error as NodeJS.ErrnoException | undefined)?.code;
  if (systemCode === undefined) return internal(error, action, file);
  if (systemCode === 'ENOSPC' || systemCode === 'EDQUOT') {
    return new SecondwindError('NO_SPACE', { file, action }, error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SecondwindError('IO_FAILED', { action, file, reason, systemCode }, error);
}

/** What carries no system code is a mistake of ours, and must not look like a disk that fails. */
function internal(error: unknown, action: string, file: string): SecondwindError {
  const reason = `${action} failed on ${file}: ${String(error)}`;
  return new SecondwindError('INTERNAL', { reason }, error);
}

function fill(template: string, data: ErrorData): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, field: string) => {
    const value = data[field];
    return value === undefined ? placeholder : String(value);
  });
}

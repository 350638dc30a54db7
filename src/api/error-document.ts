import { type TUnsafe, Type } from 'typebox';
import { type ErrorCode, errorTable } from '../base/error-table.ts';
import { type ErrorData, isSecondwindError, SecondwindError } from '../base/errors.ts';
import { schemaOf } from './schemas/schema-of.ts';

/** An error as the API answers it. */
export interface ErrorDocument {
  /** Row of the error table. */
  readonly code: string;
  /** What happened, one sentence. */
  readonly message: string;
  /** What to do next, one sentence. */
  readonly advice: string;
  /** Evidence: names, offsets, sizes. */
  readonly data: ErrorData;
}

/** Schema of an ErrorDocument. */
export const errorDocumentSchema: TUnsafe<ErrorDocument> = schemaOf<ErrorDocument>()(
  Type.Object({
    code: Type.String({ description: 'Row of the error table.' }),
    message: Type.String({ description: 'What happened, one sentence.' }),
    advice: Type.String({ description: 'What to do next, one sentence.' }),
    data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: 'Evidence: names, offsets, sizes.',
    }),
  }),
);

/**
 * Writes an error as a document.
 * @param error - row and evidence
 */
export function errorDocument(error: SecondwindError): ErrorDocument {
  return { code: error.code, message: error.message, advice: error.advice, data: error.data };
}

/**
 * Makes anything that was caught an error of the table. What Fastify refuses before a handler runs is a wrong call.
 * @param error - anything caught
 */
export function asSecondwindError(error: unknown): SecondwindError {
  if (isSecondwindError(error)) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  const reason = sentence(message ?? String(error));
  const isWrongCall = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return new SecondwindError(isWrongCall ? 'USAGE' : 'INTERNAL', { reason }, error);
}

/**
 * The answers a route may give when it fails, for its schema.
 * @param codes - rows of the error table
 */
export function errorResponses(
  codes: readonly ErrorCode[],
): Readonly<Record<number, { readonly description: string }>> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = errorTable[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { ...errorDocumentSchema, description: names.join(', ') },
    ]),
  );
}

/** Messages stand before a full stop in the table. */
function sentence(text: string): string {
  return text.replace(/\.$/, '');
}

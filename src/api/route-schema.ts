import { type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../base/error-table.ts';
import { errorResponses } from './error-document.ts';

/** What a route says of itself. */
export interface RouteWords {
  /** Noun it belongs to. */
  readonly tag: string;
  /** What it does, a few words. */
  readonly summary: string;
  /** Rows of the error table it may answer with, besides USAGE and INTERNAL. */
  readonly errors: readonly ErrorCode[];
}

/** What stands in the `schema` of a route. */
export interface DescribedRoute<Ok extends TSchema> {
  /** Nouns, for the list of routes. */
  readonly tags: readonly string[];
  /** What the route does. */
  readonly summary: string;
  /** Answers by status. */
  readonly response: { readonly 200: Ok };
}

/**
 * Describes a route that answers one document.
 * @param words - see RouteWords
 * @param ok - schema of the answer
 */
export function describeRoute<Ok extends TSchema>(words: RouteWords, ok: Ok): DescribedRoute<Ok> {
  const failures = errorResponses(['USAGE', 'INTERNAL', ...words.errors]);
  return { tags: [words.tag], summary: words.summary, response: { 200: ok, ...failures } };
}

/**
 * Describes a route that answers a stream of progress lines and a last line with the result or error.
 * @param words - see RouteWords
 * @param result - schema of the result in the last line
 * @param batch - schema of a batch, where results come in batches before the last line
 */
export function describeLongRoute(
  words: RouteWords,
  result: TSchema,
  batch?: TSchema,
): { readonly tags: readonly string[]; readonly summary: string; readonly response: object } {
  const failures = errorResponses(['USAGE', 'INTERNAL', 'INTERRUPTED', ...words.errors]);
  const lines = batch === undefined ? '{"progress": …}' : '{"batch": …} and {"progress": …}';
  const stream = {
    description: `Lines of JSON: ${lines} as it goes, and last {"result": …} or {"error": …}. Closing the connection ends the action.`,
    content: {
      'application/x-ndjson': {
        schema: batch === undefined ? result : Type.Union([batch, result]),
      },
    },
  };
  return { tags: [words.tag], summary: words.summary, response: { 200: stream, ...failures } };
}

/**
 * Describes a route that answers bytes.
 * @param words - see RouteWords
 */
export function describeContentRoute(words: RouteWords): {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly response: object;
} {
  const failures = errorResponses(['USAGE', 'INTERNAL', 'INTERRUPTED', ...words.errors]);
  const bytes = {
    description:
      'The bytes. When they end early, the trailer "secondwind-error" holds the error, percent-encoded JSON. Closing the connection ends the reading.',
    content: { 'application/octet-stream': { schema: Type.Unknown() } },
  };
  return { tags: [words.tag], summary: words.summary, response: { 200: bytes, ...failures } };
}

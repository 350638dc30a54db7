import { type TInteger, type TString, Type } from 'typebox';
import { diskBytesMax, nameBytesMax } from '../../base/limits.ts';

/** Longest path, characters: the kernel's own limit. */
const pathCharactersMax = 4096;

/**
 * A moment in an answer.
 * @param description - what moment
 */
export function moment(description: string): TString {
  return Type.String({
    description: `${description} ISO 8601 in UTC, microseconds where not zero.`,
  });
}

/**
 * A moment in a question, exact.
 * @param description - what moment
 */
export function momentText(description: string): TString {
  return Type.String({
    description: `${description} ISO 8601 with seconds and zone.`,
    maxLength: 40,
  });
}

/**
 * A moment in a question.
 * @param description - what moment
 */
export function askedMoment(description: string): TString {
  return Type.String({
    description: `${description} ISO 8601 with seconds and zone, "now", or "bookmark:NAME".`,
    maxLength: nameBytesMax + 20,
  });
}

/**
 * The name of a machine, disk or bookmark.
 * @param description - of what
 */
export function nameText(description: string): TString {
  return Type.String({ description, minLength: 1, maxLength: nameBytesMax });
}

/**
 * An absolute path on the server's machine.
 * @param description - of what
 */
export function absolutePath(description: string): TString {
  return Type.String({ description, pattern: '^/[^\\u0000]*$', maxLength: pathCharactersMax });
}

/**
 * A number of bytes.
 * @param description - of what
 */
export function byteCount(description: string): TInteger {
  return Type.Integer({ description: `${description} Bytes.`, minimum: 0 });
}

/**
 * A number of things.
 * @param description - of what
 */
export function count(description: string): TInteger {
  return Type.Integer({ description, minimum: 0 });
}

/**
 * A duration.
 * @param description - of what
 */
export function milliseconds(description: string): TInteger {
  return Type.Integer({ description: `${description} Milliseconds.`, minimum: 0 });
}

/** A whole number in a path or query, as text. */
export function digits(description: string): TString {
  return Type.String({ description, pattern: '^\\d{1,15}$' });
}

/** An address people can connect to. */
export function listenAddress(): TString {
  return Type.String({ description: '"unix:PATH" or "HOST:PORT".', minLength: 3, maxLength: 300 });
}

/** A place on a disk. */
export function diskOffset(description: string): TInteger {
  return Type.Integer({ description: `${description} Bytes.`, minimum: 0, maximum: diskBytesMax });
}

import { SecondwindError } from '../base/errors.ts';

/** What was asked for, in a file system that cannot give it. */
export interface AskedFile {
  /** Its path, or where only the identity is known "file 17". */
  readonly path: string;
  /** The file system or place: "ext4", "db1/root/2". */
  readonly where: string;
}

/**
 * The error that there is no such file.
 * @param asked - see AskedFile
 */
export function noSuchFile(asked: AskedFile): SecondwindError {
  return new SecondwindError('NO_SUCH_FILE', { ...asked });
}

/**
 * The error that something is no directory.
 * @param asked - see AskedFile
 */
export function notADirectory(asked: AskedFile): SecondwindError {
  return new SecondwindError('NOT_A_DIRECTORY', { ...asked });
}

/**
 * The error that something has no content that could be read, or is no link.
 * @param asked - see AskedFile
 */
export function notAFile(asked: AskedFile): SecondwindError {
  return new SecondwindError('NOT_A_FILE', { ...asked });
}

/**
 * The error that something is there but cannot be read by us.
 * @param what - "the volume", "file 17"
 * @param reason - why not: "it is encrypted with LUKS"
 */
export function cannotLookInside(what: string, reason: string): SecondwindError {
  return new SecondwindError('CANNOT_LOOK_INSIDE', { what, reason });
}

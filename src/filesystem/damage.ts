import { SecondwindError } from '../base/errors.ts';
import type { FileSystemKind, Finding } from './file-system.ts';

/** What is wrong with a structure, and where. */
export interface DamageEvidence {
  readonly kind: FileSystemKind;
  /** Structure: "inode 17, extent leaf". */
  readonly structure: string;
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** What is wrong with it: "its checksum does not fit". */
  readonly reason: string;
}

/**
 * The error that a structure of a file system contradicts itself or its specification.
 * @param evidence - see DamageEvidence
 * @param cause - what was thrown below, if anything
 */
export function damagedFileSystem(evidence: DamageEvidence, cause?: unknown): SecondwindError {
  return new SecondwindError('FILE_SYSTEM_DAMAGED', { ...evidence }, cause);
}

/**
 * Makes a finding of what a reader threw; errors that are not about the file system (a disk that fails, a bug) are thrown on.
 * @param error - anything caught while reading
 * @param structure - what was being read, for errors that do not say
 * @throws `error` itself when it is not FILE_SYSTEM_DAMAGED
 */
export function findingOf(error: unknown, structure: string): Finding {
  if (!(error instanceof SecondwindError) || error.code !== 'FILE_SYSTEM_DAMAGED') throw error;
  const { data } = error;
  return {
    severity: 'damage',
    structure: typeof data['structure'] === 'string' ? data['structure'] : structure,
    offsetBytes: typeof data['offsetBytes'] === 'number' ? data['offsetBytes'] : undefined,
    reason: typeof data['reason'] === 'string' ? data['reason'] : error.message,
  };
}

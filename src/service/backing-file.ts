import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import type { BackingStamp } from '../capture/tap/intent-log.ts';
import { inspectTarget } from '../recovery/restore/inspect-target.ts';
import type { TargetIdentity } from '../recovery/restore/target-inspection.ts';

/** The file or device behind a tap. */
export interface BackingFile {
  /** Absolute path with every link followed. */
  readonly path: string;
  /** What it is, whatever it is called. */
  readonly identity: TargetIdentity;
}

/**
 * Makes sure that a file or device can be served: it is there, and nobody else uses it.
 * @param path - as it was named
 * @param others - what is served already
 * @throws NOT_A_DISK, NOT_FOUND, IN_USE, IO_FAILED
 */
export async function inspectBacking(
  path: string,
  others: readonly { readonly backing: BackingFile }[],
): Promise<BackingFile> {
  const found = await inspectTarget(
    path,
    others.map(({ backing }) => ({ path: backing.path, use: 'the backing of another tap' })),
  );
  if (found.identity === undefined) {
    throw new SecondwindError('NOT_FOUND', { what: 'file or device', name: path });
  }
  if (found.uses.length > 0) {
    const reason = found.uses.map((use) => use.text).join(', ');
    throw new SecondwindError('IN_USE', { what: path, reason });
  }
  return { path: found.resolvedPath, identity: found.identity };
}

/**
 * Keeps others from mounting a device while it is served: the kernel refuses them. A file cannot be kept so.
 * @param backing - the file or device
 * @returns to be closed when it is served no longer; undefined for a file
 * @throws IN_USE, IO_FAILED
 */
export async function holdDevice(backing: BackingFile): Promise<FileHandle | undefined> {
  if (backing.identity.rdev === 0) return undefined;
  try {
    return await open(backing.path, constants.O_RDWR | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') {
      throw fromSystemError(error, 'Opening', backing.path);
    }
    const reason = 'the system reports that somebody else holds it';
    throw new SecondwindError('IN_USE', { what: backing.path, reason }, error);
  }
}

/**
 * Whether two names lead to the same file or device.
 * @param left - one
 * @param right - the other
 */
export function isSameFile(left: TargetIdentity, right: TargetIdentity): boolean {
  if (left.rdev !== 0 || right.rdev !== 0) return left.rdev === right.rdev;
  return left.dev === right.dev && left.ino === right.ino;
}

/**
 * Looks at a backing from outside, to find out later whether it was changed meanwhile. Devices tell nothing.
 * @param backing - the file or device
 * @throws IO_FAILED
 */
export async function stampOf(backing: BackingFile): Promise<BackingStamp> {
  if (backing.identity.rdev !== 0) return { sizeBytes: 0, modifiedMicros: 0 };
  try {
    const { size, mtimeNs } = await stat(backing.path, { bigint: true });
    return { sizeBytes: Number(size), modifiedMicros: Number(mtimeNs / 1000n) };
  } catch (error) {
    throw fromSystemError(error, 'Looking at', backing.path);
  }
}

import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import { fileShape } from '../../disk/file-size.ts';
import type { ServedFile, TargetInspection } from './target-inspection.ts';
import { usesOf } from './target-uses.ts';
import { unfinishedIn } from './unfinished-mark.ts';

/**
 * Looks at a path that a disk is to be restored to, without changing anything.
 * @param path - file or device, or where a file is to be made; relative to the working folder
 * @param served - what this server reads or writes itself
 * @throws NOT_A_DISK when it is neither a file nor a block device, or a symbolic link that leads nowhere; NOT_FOUND when its
 *   folder is not there; IO_FAILED
 */
export async function inspectTarget(
  path: string,
  served: readonly ServedFile[] = [],
): Promise<TargetInspection> {
  const absolute = resolve(path);
  const resolvedPath = await resolveTarget(absolute);
  const handle = await openIfThere(resolvedPath);
  const nothing = { kind: 'nothing', sizeBytes: 0, identity: undefined, uses: [] } as const;
  const where = { path: absolute, resolvedPath };
  if (handle === undefined) return { ...where, ...nothing, unfinished: undefined };
  try {
    return { ...where, ...(await inspectOpen(handle, resolvedPath, served)) };
  } finally {
    await handle.close();
  }
}

async function inspectOpen(
  handle: FileHandle,
  file: string,
  served: readonly ServedFile[],
): Promise<Omit<TargetInspection, 'path' | 'resolvedPath'>> {
  const { sizeBytes, isDevice } = await fileShape(handle, file);
  const { dev, ino, rdev } = await handle.stat();
  const identity = { dev, ino, rdev: isDevice ? rdev : 0 };
  const head = Buffer.alloc(Math.min(blockBytes, sizeBytes));
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  return {
    kind: isDevice ? 'device' : 'file',
    sizeBytes,
    identity,
    uses: await usesOf(identity, served),
    unfinished: unfinishedIn(head.subarray(0, bytesRead)),
  };
}

/** Follows every link, so that what is checked, shown and written is the same thing. */
async function resolveTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isAbsent(error)) throw fromSystemError(error, 'Looking up', path);
  }
  if (await isLink(path)) {
    throw new SecondwindError('NOT_A_DISK', {
      file: path,
      reason: 'it is a symbolic link that leads nowhere',
    });
  }
  return join(await resolveFolder(dirname(path)), basename(path));
}

async function resolveFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (isAbsent(error))
      throw new SecondwindError('NOT_FOUND', { what: 'folder', name: folder }, error);
    throw fromSystemError(error, 'Looking up', folder);
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw fromSystemError(error, 'Looking up', path);
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  if (!(await isThere(file))) return undefined;
  try {
    return await open(file, 'r');
  } catch (error) {
    throw fromSystemError(error, 'Opening', file);
  }
}

/** Opening would wait for a pipe's other end, so what is neither file nor device is turned away before. */
async function isThere(file: string): Promise<boolean> {
  try {
    const found = await lstat(file);
    if (found.isFile() || found.isBlockDevice()) return true;
    const reason = found.isDirectory() ? 'it is a folder' : 'it is no regular file or block device';
    throw new SecondwindError('NOT_A_DISK', { file, reason });
  } catch (error) {
    if (isAbsent(error)) return false;
    throw fromSystemError(error, 'Looking up', file);
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { createFileDisk, FileDisk } from '../../disk/file-disk.ts';
import { fileShape } from '../../disk/file-size.ts';
import { publishFile } from './publish-file.ts';
import type { TargetIdentity, TargetInspection, TargetOverride } from './target-inspection.ts';

/** How to open a target. */
export interface OpenTargetOptions {
  /** Size of the disk to restore, bytes. */
  readonly diskBytes: number;
  /** What the user insists on. */
  readonly evenIf: readonly TargetOverride[];
  /** As of FileDiskOptions. */
  readonly clock: Clock;
}

/** A target ready to be written. */
export interface OpenTarget {
  /** At least as large as the disk to restore. */
  readonly disk: WritableDisk;
  /** `fresh`: a new file, all zeroes; `leftover`: a new file that an earlier restore did not finish; `existing`: something else. */
  readonly state: 'fresh' | 'leftover' | 'existing';
  /** Where to read it back when it is finished; undefined for an open disk that somebody lent. */
  readonly path: string | undefined;
  /**
   * Makes the target what was asked for, after everything was written.
   * @throws IO_FAILED, NO_SPACE, ALREADY_EXISTS
   */
  finish(): Promise<void>;
  /** Lets go of the target, finished or not. */
  close(): Promise<void>;
}

/**
 * Opens a target that was inspected and found usable. A new file grows under the name `<target>.incomplete` and gets its own
 * name when it is complete and stable, so that nobody takes a part for the whole.
 * @param target - as inspected
 * @param options - see OpenTargetOptions
 * @throws IN_USE when another restore of this process writes to it; REFUSED when the kernel knows a user that inspection could
 *   not see; IO_FAILED when it is another file by now; NO_SPACE
 */
export async function openTarget(
  target: TargetInspection,
  options: OpenTargetOptions,
): Promise<OpenTarget> {
  const release = claim(target);
  try {
    const isNew = target.kind === 'nothing' || (target.kind === 'file' && target.sizeBytes === 0);
    const opened = await (isNew ? openNew(target, options) : openExisting(target, options));
    const close = async (): Promise<void> => {
      try {
        await opened.close();
      } finally {
        release();
      }
    };
    return { ...opened, close };
  } catch (error) {
    release();
    throw error;
  }
}

/** What restores of this process are writing to; two at once would leave a mixture that nobody could tell from a disk. */
const claimed = new Set<string>();

/**
 * Takes a target for one restore.
 * @throws IN_USE
 */
function claim({ identity, path, resolvedPath }: TargetInspection): () => void {
  const key =
    identity === undefined ? resolvedPath : `${identity.dev}:${identity.ino}:${identity.rdev}`;
  if (claimed.has(key)) {
    throw new SecondwindError('IN_USE', { what: path, reason: 'another restore is writing to it' });
  }
  claimed.add(key);
  return () => {
    claimed.delete(key);
  };
}

async function openNew(target: TargetInspection, options: OpenTargetOptions): Promise<OpenTarget> {
  const file = `${target.resolvedPath}.incomplete`;
  const isLeftover = await isLeftoverFile(file);
  const disk = isLeftover
    ? await openLeftover(file, options)
    : await createFileDisk(file, options.diskBytes, options);
  return {
    disk,
    state: isLeftover ? 'leftover' : 'fresh',
    path: target.resolvedPath,
    finish: async () => {
      await disk.flush();
      await publishFile(file, target.resolvedPath, target.identity !== undefined);
    },
    close: () => disk.close(),
  };
}

async function openExisting(
  target: TargetInspection,
  options: OpenTargetOptions,
): Promise<OpenTarget> {
  const { resolvedPath: file, kind, identity } = target;
  const handle = await openNoFollow(file, kind === 'device' && isExclusive(options));
  const disk = await orClose(handle, async () => {
    await assertSame(handle, file, identity);
    if (target.sizeBytes < options.diskBytes) await resize(handle, file, options.diskBytes);
    const shape = await fileShape(handle, file);
    return new FileDisk({ ...shape, handle, file, isNew: false }, options);
  });
  const isCutOff = kind === 'file' && target.sizeBytes > options.diskBytes;
  return {
    disk,
    state: 'existing',
    path: target.resolvedPath,
    finish: async () => {
      if (isCutOff) await resize(handle, file, options.diskBytes);
      await disk.flush();
    },
    close: () => disk.close(),
  };
}

/** Without it the kernel itself refuses a device that is mounted or held, whatever we could see of that. */
function isExclusive({ evenIf }: OpenTargetOptions): boolean {
  return !evenIf.includes('mounted') && !evenIf.includes('in-use');
}

async function openLeftover(file: string, options: OpenTargetOptions): Promise<FileDisk> {
  const handle = await openNoFollow(file, false);
  return orClose(handle, async () => {
    await resize(handle, file, options.diskBytes);
    const shape = await fileShape(handle, file);
    return new FileDisk({ ...shape, handle, file, isNew: false }, options);
  });
}

async function isLeftoverFile(file: string): Promise<boolean> {
  try {
    const found = await lstat(file);
    if (found.isFile()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw fromSystemError(error, 'Looking up', file);
  }
  throw new SecondwindError('NOT_A_DISK', { file, reason: 'it is not a regular file' });
}

async function openNoFollow(file: string, isExclusive: boolean): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | (isExclusive ? constants.O_EXCL : 0);
  try {
    return await open(file, flags);
  } catch (error) {
    if (isExclusive && (error as NodeJS.ErrnoException).code === 'EBUSY') {
      const reason = `${file}: the system reports it as in use`;
      throw new SecondwindError('REFUSED', { reason, option: '--even-if in-use' }, error);
    }
    throw fromSystemError(error, 'Opening', file);
  }
}

async function assertSame(
  handle: FileHandle,
  file: string,
  identity: TargetIdentity | undefined,
): Promise<void> {
  const { dev, ino } = await handle.stat();
  if (dev === identity?.dev && ino === identity.ino) return;
  const reason = 'it was replaced by another file while it was looked at';
  throw new SecondwindError('IO_FAILED', { action: 'Opening', file, reason });
}

async function resize(handle: FileHandle, file: string, sizeBytes: number): Promise<void> {
  try {
    await handle.truncate(sizeBytes);
  } catch (error) {
    throw fromSystemError(error, 'Setting the size', file);
  }
}

async function orClose<T>(handle: FileHandle, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

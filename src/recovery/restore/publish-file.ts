import { chmod, chown, link, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { syncFolder } from '../sync-folder.ts';

/** File systems without hard links answer with one of these. */
const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS']);

/**
 * Gives a complete file its own name. The durability order stands here: the content is stable already, then the name changes,
 * then the folder is made stable.
 * @param from - stable file
 * @param to - its name in the same folder
 * @param isReplacing - an empty file of that name is replaced, and its owner and mode are kept; else nothing may be there
 * @throws ALREADY_EXISTS when something appeared there meanwhile; IO_FAILED
 */
export async function publishFile(from: string, to: string, isReplacing: boolean): Promise<void> {
  try {
    if (isReplacing) await replace(from, to);
    else await give(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new SecondwindError(
        'ALREADY_EXISTS',
        { what: 'file', name: to, complete: from },
        error,
      );
    }
    throw fromSystemError(error, 'Naming the complete file', to);
  }
}

async function replace(from: string, to: string): Promise<void> {
  const { uid, gid, mode } = await stat(to);
  const made = await stat(from);
  if (made.uid !== uid || made.gid !== gid) await chown(from, uid, gid);
  await chmod(from, mode);
  await rename(from, to);
}

/** A link, unlike a renaming, never replaces what somebody else put there meanwhile. */
async function give(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!linkless.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rename(from, to);
    return;
  }
  await unlink(from);
}

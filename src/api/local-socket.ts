import { chmod, lstat, unlink } from 'node:fs/promises';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { unixSocketPathBytesMax } from '../base/limits.ts';
import type { ApiApp } from './api-app.ts';

/**
 * Makes sure that a socket can have a path, before anything is made for it.
 * @param socketPath - absolute path
 * @throws USAGE when it is too long
 */
export function checkSocketPath(socketPath: string): void {
  if (Buffer.byteLength(socketPath) <= unixSocketPathBytesMax) return;
  const reason = `The path of the socket, ${socketPath}, is longer than ${unixSocketPathBytesMax} bytes; choose a data folder with a shorter path`;
  throw new SecondwindError('USAGE', { reason });
}

/**
 * Serves the API on a Unix socket that only its owner can connect to. A socket that a killed server left behind is
 * removed first, so whoever calls this must hold the data folder's lock.
 * @param app - see buildApi
 * @param socketPath - absolute path, in a folder only its owner can enter
 * @throws IN_USE when something else lies there; IO_FAILED
 */
export async function listenLocally(app: ApiApp, socketPath: string): Promise<void> {
  try {
    await removeStaleSocket(socketPath);
    await app.listen({ path: socketPath });
    await chmod(socketPath, 0o600);
  } catch (error) {
    throw fromSystemError(error, 'Listening', socketPath);
  }
}

async function removeStaleSocket(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SecondwindError('IN_USE', { what: socketPath, reason: 'it is not a socket' });
  }
  await unlink(socketPath);
}

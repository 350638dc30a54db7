import { open } from 'node:fs/promises';

/**
 * Makes the names in a folder stable: the last step of every durable renaming.
 * @param folder - path
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

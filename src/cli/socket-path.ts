import { join } from 'node:path';

/**
 * Where the server of a data folder listens for the command line.
 * @param dataFolder - absolute path
 */
export function socketPathOf(dataFolder: string): string {
  return join(dataFolder, 'secondwind.sock');
}

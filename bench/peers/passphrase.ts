import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Puts the passphrase of a peer's repository into a file: it protects nothing but must not stand in a command line.
 * @param folder - where the file goes
 * @returns its path
 */
export function writePassphrase(folder: string): string {
  const path = join(folder, 'passphrase');
  writeFileSync(path, 'measured, not protected', { mode: 0o600 });
  return path;
}

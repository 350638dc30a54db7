import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** Makes a folder that is removed when the test file has ended. */
export function testFolder(): { readonly folder: string; readonly fresh: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-recovery-'));
  let count = 0;
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, fresh: () => join(folder, `file-${++count}`) };
}

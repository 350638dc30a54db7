import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { SecondwindError } from '../base/errors.ts';
import type { Mounter } from '../service/mounts/mounter.ts';

const run = promisify(execFile);
const programTimeoutMs = 30_000;

/**
 * Mounts with the system's own mount(8): it is handed the open FUSE device as its descriptor 3. Nothing on a mount may be a
 * device or gain rights, since what it shows comes from disks that nobody vouches for.
 */
export const mountProgram: Mounter = {
  mount: async ({ folder, descriptor, source }) => {
    const owner = `user_id=${process.getuid?.() ?? 0},group_id=${process.getgid?.() ?? 0}`;
    const safety = 'ro,nosuid,nodev,noexec,default_permissions';
    const words = ['-i', '-t', 'fuse.secondwind', '-o', `fd=3,rootmode=40000,${owner},${safety}`];
    const child = spawn('mount', [...words, source, folder], {
      stdio: ['ignore', 'ignore', 'pipe', descriptor],
      timeout: programTimeoutMs,
    });
    const complaints: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return;
    const reason = complaints.join('').trim() || `mount ended with ${String(code)}`;
    throw new SecondwindError('IO_FAILED', { action: 'Mounting', file: folder, reason });
  },
  unmount: async (folder, isForced) => {
    try {
      await run('umount', [...(isForced ? ['-l'] : []), folder], { timeout: programTimeoutMs });
    } catch (error) {
      const { stderr = '' } = error as { readonly stderr?: string };
      const data = { action: 'Unmounting', file: folder, reason: stderr.trim() };
      throw new SecondwindError('IO_FAILED', data, error);
    }
  },
};

import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface ProcessUse {
  /** Most physical memory it had at once (VmHWM), bytes. */
  readonly peakMemoryBytes: number;
  /** Time of all its threads, seconds. */
  readonly processorSeconds: number;
}

/** Ticks of /proc/PID/stat in a second: fixed for programs, whatever the kernel uses. */
const ticksPerSecond = 100;

/**
 * Looks at a process; its peak is the kernel's own, so that looking rarely only misses what grew at the very end.
 * @param pid - of the process
 * @returns undefined when it has ended
 */
export function processUse(pid: number | 'self'): ProcessUse | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (peak === undefined) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { peakMemoryBytes: Number(peak) * 1024, processorSeconds: ticks / ticksPerSecond };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** How each program tells its version. */
const programs: readonly (readonly [string, ...string[]])[] = [
  ['restic', 'version'],
  ['borg', '--version'],
  ['qemu-img', '--version'],
  ['zstd', '--version'],
  ['nbdkit', '--version'],
  ['fio', '--version'],
];

/** One line about the machine and the programs that were compared. */
export function describeMachine(): string {
  const cores = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const versions = programs.map(([program, ...args]) => versionOf(program, args));
  return [
    `${cores.length} cores ${cores[0]?.model ?? 'unknown'}`,
    `${memory} GiB memory`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    ...versions,
  ].join(', ');
}

/** How busy the machine is, for those who judge the figures: the mean number of runnable processes over the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

function versionOf(program: string, args: readonly string[]): string {
  try {
    const text = execFileSync(program, args, { encoding: 'utf8' });
    return `${program} ${/\d+\.[\d.]+/.exec(text)?.[0] ?? 'unknown'}`;
  } catch {
    return `${program} missing`;
  }
}

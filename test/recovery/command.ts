import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a command to its end; fails with what it printed when it fails. */
export async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, [...args]);
  return stdout.trim();
}

/** Whether this machine lets us attach loop devices; they are given back at once. */
export function loopsAreThere(): boolean {
  const found = spawnSync('losetup', ['--find']);
  return process.getuid?.() === 0 && found.status === 0;
}

/** Attaches a file as a loop device until the test has ended. */
export async function attachLoop(
  context: { after(end: () => Promise<unknown>): void },
  file: string,
  ...options: readonly string[]
): Promise<string> {
  const device = await run('losetup', '--find', '--show', ...options, file);
  context.after(() => run('losetup', '--detach', device));
  return device;
}

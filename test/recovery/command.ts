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

/** What a test set up, to be undone in the opposite order when it has ended. */
export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  constructor(context: { after(end: () => Promise<void>): void }) {
    context.after(() => this.#all());
  }

  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step);
  }

  async #all(): Promise<void> {
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (const step of this.#steps) outcomes.push(...(await Promise.allSettled([step()])));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Attaches a file as a loop device until the test has ended. */
export async function attachLoop(
  undo: Undo,
  file: string,
  ...options: readonly string[]
): Promise<string> {
  const device = await run('losetup', '--find', '--show', ...options, file);
  undo.add(() => run('losetup', '--detach', device));
  return device;
}

/** Mounts something until the test has ended. */
export async function mount(undo: Undo, ...args: readonly string[]): Promise<void> {
  await run('mount', ...args);
  undo.add(() => run('umount', args.at(-1) ?? ''));
}

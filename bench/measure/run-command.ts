import { type ChildProcess, spawn } from 'node:child_process';
import { processUse } from './process-use.ts';

/** A program with its arguments. */
export interface CommandLine {
  /** Name or path. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it runs; here when left out. */
  readonly directory?: string;
}

/** What running a command took. */
export interface CommandRun {
  /** From its start to its end, seconds. */
  readonly seconds: number;
  /** Most physical memory it had at once, as the kernel counts (VmHWM), bytes. */
  readonly peakMemoryBytes: number;
  /** Time of all its threads, seconds. */
  readonly processorSeconds: number;
  /** What it said. */
  readonly output: string;
}

const running = new Set<ChildProcess>();
const pollMs = 20;
const outputCharactersMax = 16 * 2 ** 20;

/**
 * Runs a command to its end and measures it.
 * @param command - what to run
 * @throws Error with what it said when it fails
 */
export async function runCommand(command: CommandLine): Promise<CommandRun> {
  const start = performance.now();
  const child = startCommand(command);
  let output = '';
  let complaints = '';
  child.stdout!.on('data', (text: Buffer) => (output = keep(output, text)));
  child.stderr!.on('data', (text: Buffer) => (complaints = keep(complaints, text)));
  let use = { peakMemoryBytes: 0, processorSeconds: 0 };
  const look = (): void => {
    use = processUse(child.pid ?? 0) ?? use;
  };
  const poll = setInterval(look, pollMs);
  let seconds = 0;
  child.once('exit', () => (seconds = (performance.now() - start) / 1000));
  try {
    const code = await endOf(child);
    if (code === 0) return { seconds, ...use, output };
  } finally {
    clearInterval(poll);
  }
  throw new Error(`${commandText(command)}\nfailed: ${complaints}${output}`.slice(0, 4000));
}

/**
 * Starts a command; its input is closed, its output piped.
 * @param command - what to run
 */
export function startCommand(command: CommandLine): ChildProcess {
  const child = spawn(command.program, command.args, {
    env: { ...process.env, ...command.environment },
    cwd: command.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Makes an interruption end the commands that run: whoever waits for one then fails, and tidies up on the way out. */
export function endCommandsWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const child of running) child.kill('SIGKILL');
    });
  }
}

/** A command line as a person would type it. */
export function commandText(command: CommandLine): string {
  const environment = Object.entries(command.environment ?? {}).map(
    ([name, value]) => `${name}=${quoted(value)}`,
  );
  return [...environment, command.program, ...command.args.map(quoted)].join(' ');
}

/** Ends when the program has, and its output has been read. */
async function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

function keep(text: string, more: Buffer): string {
  return (text + more.toString()).slice(-outputCharactersMax);
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { programPath } from './requirements.ts';

const outputBytesMax = 64 * 1024 * 1024;
const environment = { ...process.env, PATH: programPath, LC_ALL: 'C.UTF-8' };

/** How a program is run. */
export interface RunOptions {
  /** Ends it early. */
  readonly signal?: AbortSignal;
  /** Exit codes that are fine besides 0. */
  readonly allowed?: readonly number[];
}

/**
 * Runs a program to its end.
 * @param program - its name or path
 * @param words - its arguments
 * @param options - see RunOptions
 * @returns what it wrote to standard output
 */
export async function run(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const settings = { env: environment, maxBuffer: outputBytesMax, signal: options.signal };
  execFile(program, words, settings, (error, stdout, stderr) => {
    const isFine = error === null || options.allowed?.includes(Number(error.code)) === true;
    if (isFine) resolve(stdout);
    else reject(new Error(`${program} ${words.join(' ')}: ${stderr.trim() || error.message}`));
  });
  return promise;
}

/** A program that runs until it is ended. */
export interface RunningProgram {
  /** Ends when the program does, with its name and code in words. */
  readonly ended: Promise<string>;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches only the demo, which ends it in order.
 * @param program - its name or path
 * @param words - its arguments
 * @param logFile - where it writes
 */
export async function start(
  program: string,
  words: readonly string[],
  logFile: string,
): Promise<RunningProgram> {
  const log = openSync(logFile, 'a');
  const child = spawn(program, words, {
    env: environment,
    detached: true,
    stdio: ['ignore', log, log],
  });
  await once(child, 'spawn');
  const ended = exitOf(child, program);
  return {
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function exitOf(child: ChildProcess, program: string): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return `${program} ended with ${signal ?? code}`;
}

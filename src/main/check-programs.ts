import { type ChildProcess, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SecondwindError } from '../base/errors.ts';
import type { CheckPrograms, ProgramEnd, ShownFile } from '../service/verify/check-programs.ts';
import { checkerMsMax, checkerOutputBytesMax } from '../service/verify/limits.ts';

/** Time until a file is shown, milliseconds, and between two looks. */
const showMsMax = 15_000;
const lookMs = 20;

/** Checks with the system's own programs, which see a volume through nbdfuse: they need no right to make block devices. */
export const checkPrograms: CheckPrograms = {
  run: runToEnd,
  showAsFile: async (folder, socketPath) => {
    const path = join(folder, 'volume');
    const child = start('nbdfuse', [path, '--unix', socketPath]);
    const ended = endOf(child);
    if (await isShown(path, ended)) return shownFile(folder, path, { child, ended });
    child.kill('SIGKILL');
    const { isMissing, text } = await ended;
    if (isMissing) return undefined;
    throw new SecondwindError('IO_FAILED', { action: 'Showing', file: path, reason: text.trim() });
  },
  hideStale: async (folder) => {
    await runToEnd('fusermount3', ['-u', '-z', folder], new AbortController().signal);
  },
};

interface RunningProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<ProgramEnd>;
}

function shownFile(folder: string, path: string, { child, ended }: RunningProgram): ShownFile {
  const hide = async (): Promise<void> => {
    // Lazily: a checker that was killed may still wait for an answer, and gets it.
    await checkPrograms.hideStale(folder);
    child.kill('SIGTERM');
    await ended;
  };
  return { path, hide };
}

async function isShown(path: string, ended: Promise<ProgramEnd>): Promise<boolean> {
  const over = ended.then(() => true);
  for (let waitedMs = 0; waitedMs < showMsMax; waitedMs += lookMs) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
    if (await Promise.race([over, wait(lookMs, false)])) return false;
  }
  return false;
}

async function runToEnd(
  program: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const child = start(program, words);
  yieldToOthers(child);
  const end = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(end, checkerMsMax);
  try {
    if (signal.aborted) end();
    return await endOf(child);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Programs speak the C locale, so that what they say is understood. */
function start(program: string, words: readonly string[]): ChildProcess {
  const { PATH = '' } = process.env;
  const env = { PATH: `${PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  return spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What checks may take long, and what is captured meanwhile may not. */
function yieldToOthers({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}

function endOf(child: ChildProcess): Promise<ProgramEnd> {
  const pieces: Buffer[] = [];
  let keptBytes = 0;
  const keep = (piece: Buffer): void => {
    const part = piece.subarray(0, checkerOutputBytesMax - keptBytes);
    keptBytes += part.length;
    if (part.length > 0) pieces.push(part);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  child.once('error', (error: NodeJS.ErrnoException) => {
    resolve({ exitCode: undefined, text: error.message, isMissing: error.code === 'ENOENT' });
  });
  child.once('close', (code) => {
    const text = Buffer.concat(pieces).toString();
    resolve({ exitCode: code ?? undefined, text, isMissing: false });
  });
  return promise;
}

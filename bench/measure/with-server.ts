import { type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type ProcessUse, processUse } from './process-use.ts';
import { type CommandLine, commandText, startCommand } from './run-command.ts';

/** What a server said and used. */
export interface ServerRun<T> {
  /** What was done while it ran. */
  readonly result: T;
  /** What it used until it was told to end. */
  readonly use: ProcessUse;
  /** The last line that it printed, from JSON; undefined when it printed none. */
  readonly lastLine: unknown;
}

const startMsMax = 600_000;
const tryMs = 50;

/**
 * Runs a server that listens on a Unix socket, until something is done with it.
 * @param command - starts the server; it must end with SIGTERM
 * @param socket - path of its socket
 * @param use - what to do with it
 */
export async function withServer<T>(
  command: CommandLine,
  socket: string,
  use: () => Promise<T>,
): Promise<ServerRun<T>> {
  await rm(socket, { force: true });
  const child = startCommand(command);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let output = '';
  let complaints = '';
  child.stdout!.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr!.on('data', (text: Buffer) => (complaints += text.toString()));
  try {
    await untilAnswers(child, socket);
    const result = await use();
    const used = processUse(child.pid ?? 0) ?? { peakMemoryBytes: 0, processorSeconds: 0 };
    child.kill('SIGTERM');
    const code = await ended;
    // Servers that do not handle the signal end by it, with no code at all.
    if (code !== 0 && code !== null) throw new Error(`the server ended with ${code}`);
    const line = output.trim().split('\n').at(-1) ?? '';
    return { result, use: used, lastLine: line.startsWith('{') ? JSON.parse(line) : undefined };
  } catch (error) {
    throw new Error(`${commandText(command)}\n${complaints.slice(-2000)}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(socket, { force: true });
  }
}

async function untilAnswers(child: ChildProcess, socket: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += tryMs) {
    if (await answers(socket)) return;
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    await wait(tryMs);
  }
  throw new Error('the server did not come up');
}

async function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const settle = (isAnswered: boolean): void => {
      connection.destroy();
      resolve(isAnswered);
    };
    connection.once('connect', () => settle(true));
    connection.once('error', () => settle(false));
  });
}

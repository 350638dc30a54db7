import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { createContext } from '../../src/main/create-context.ts';

const command = join(import.meta.dirname, '..', '..', 'bin', 'secondwind');
const patienceMs = 60_000;

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunSettings {
  /** Written to its standard input. */
  readonly input?: string;
  /** Environment besides SECONDWIND_DATA and TZ. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A command that runs. */
export interface StartedCommand {
  readonly outcome: Promise<Outcome>;
  /** What it has printed so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
}

/** A temp folder with a data folder in it, the command that works on it, and servers that end with the test. */
export class CommandRig {
  readonly folder: string;
  readonly dataFolder: string;
  readonly #servers: ChildProcess[] = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'sw-cli-'));
    this.dataFolder = join(this.folder, 'data');
  }

  /** A rig that is cleared away when the test ends. */
  static forTest(t: TestContext): CommandRig {
    const rig = new CommandRig();
    t.after(() => rig.close());
    return rig;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a command within this process, which spares the start of another one for each. */
  async run(words: readonly string[], settings: RunSettings = {}): Promise<Outcome> {
    const output: Buffer[] = [];
    const errors: string[] = [];
    const text = settings.input === undefined ? [] : [settings.input];
    const context = createContext({
      environment: this.#environment(settings),
      workingFolder: this.folder,
      output: { write: (piece: string) => output.push(Buffer.from(piece)) },
      writeBytes: async (bytes) => output.push(Buffer.from(bytes)) > 0,
      errorOutput: { write: (piece: string) => errors.push(piece) },
      input: Readable.from(text),
      interruption: AbortSignal.timeout(patienceMs),
    });
    const code = await runCommandLine(words, context);
    return { code, stdout: Buffer.concat(output).toString(), stderr: errors.join('') };
  }

  /** Runs a command as a process of its own. */
  runAlone(words: readonly string[], settings: RunSettings = {}): Promise<Outcome> {
    return this.start(words, settings).outcome;
  }

  /** Starts a command as a process of its own, without waiting for its end. */
  start(words: readonly string[], settings: RunSettings = {}): StartedCommand {
    const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
    const options = { env: this.#environment(settings), cwd: this.folder, timeout: patienceMs };
    let output = '';
    const child = execFile(command, words, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdout?.on('data', (piece: string) => (output += piece));
    child.stdin?.end(settings.input ?? '');
    return { outcome, output: () => output, signal: (name) => void child.kill(name) };
  }

  /** Runs a command that must succeed; gives what it printed. */
  async ok(words: readonly string[], settings?: RunSettings): Promise<string> {
    const { code, stdout, stderr } = await this.run(words, settings);
    if (code === 0) return stdout;
    throw new Error(`${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  }

  /** Runs a command with --json that must succeed; gives its document, or of a long command the result. */
  async json<Answer>(words: readonly string[], settings?: RunSettings): Promise<Answer> {
    const text = await this.ok([...words, '--json'], settings);
    const last = JSON.parse(text.trim().split('\n').at(-1)!) as { readonly result?: Answer };
    return last.result ?? (last as Answer);
  }

  /** Runs a command that must fail; gives its exit code and error document. */
  async failure(words: readonly string[], settings?: RunSettings): Promise<Failure> {
    const { code, stdout, stderr } = await this.run([...words, '--json'], settings);
    if (code === 0) throw new Error(`${words.join(' ')} succeeded: ${stdout}`);
    const document = JSON.parse(stderr.trim().split('\n').at(-1)!) as Omit<Failure, 'exitCode'>;
    return { exitCode: code, ...document };
  }

  /** Starts a server; ready when this ends. */
  async serve(words: readonly string[] = [], settings: RunSettings = {}): Promise<RigServer> {
    const child = spawn(command, ['serve', '--json', ...words], {
      env: this.#environment(settings),
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(settings.input ?? '');
    this.#servers.push(child);
    const server = new RigServer(child);
    await server.ready();
    return server;
  }

  async close(): Promise<void> {
    for (const child of this.#servers) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #environment({ environment = {} }: RunSettings): NodeJS.ProcessEnv {
    const { PATH = '', HOME = '' } = process.env;
    return {
      PATH: `${PATH}:/usr/sbin:/sbin`,
      HOME,
      SECONDWIND_DATA: this.dataFolder,
      TZ: 'Europe/Berlin',
      ...environment,
    };
  }
}

/** What a failed command told programs. */
export interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A server of a rig. */
export class RigServer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';
  #errors = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.stdout?.on('data', (piece: Buffer) => (this.#output += piece.toString()));
    child.stderr?.on('data', (piece: Buffer) => (this.#errors += piece.toString()));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** All that it has written to standard error. */
  get log(): string {
    return this.#errors;
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!this.#output.includes('\n')) {
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (isOver || performance.now() > deadline) {
        throw new Error(`the server did not get ready: ${this.#errors}`);
      }
      await wait(20);
    }
  }

  /** Sends a signal, and waits for the end; gives the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    await this.#ended;
    return this.#child.exitCode;
  }
}

/** Asks until the answer is there. */
export async function until<Answer>(question: () => Promise<Answer | undefined>): Promise<Answer> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error('it did not come in time');
    await wait(50);
  }
}

import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { ActionContext } from '../service/long-action.ts';
import type { TargetSystem } from '../service/safe-name.ts';

/** A stream that people or programs read. */
export interface TextSink {
  /** Takes text. */
  write(text: string): unknown;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** Width of the terminal, characters. */
  readonly columns?: number;
}

/** A stream that somebody types into, or that is piped in. */
export interface TypedInput extends Readable {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** Has a terminal give every key as it is. */
  setRawMode?(isRaw: boolean): unknown;
}

/** What `serve` is told on the command line. */
export interface ServeOrder {
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
  /** File that holds the passphrase; "-" is standard input. */
  readonly passphraseFile?: string;
  /** File that holds a 32-byte key. */
  readonly keyFile?: string;
  /** File that holds a recovery key as it is printed. */
  readonly recoveryKeyFile?: string;
  /** Where to listen for agents, "HOST:PORT"; left out: nowhere. */
  readonly listenAgents?: string;
  /** How lines of the log are written. */
  readonly logFormat: 'json' | 'human';
  /** Asks for a passphrase on the terminal; left out where nobody could answer. */
  readonly askPassphrase?: () => Promise<string>;
}

/** A server that runs in this process. */
export interface RunningServer {
  /** Path of its local socket. */
  readonly socketPath: string;
  /** Words that its owner must read: how to make sure that the key is not lost. */
  readonly hints: readonly string[];
  /** Ends in order. */
  close(): Promise<void>;
}

/** What an analysis found. */
export interface AnalysisAnswer {
  /** For programs. */
  readonly document: unknown;
  /** For people, with its newlines. */
  readonly text: string;
}

/** How a program ended. */
export interface ProgramOutcome {
  /** Its exit code; not 0 also when it could not be started or was ended. */
  readonly exitCode: number;
  /** What it wrote to standard output. */
  readonly outputText: string;
  /** What it wrote to standard error. */
  readonly errorText: string;
  /** Whether there is no such program. */
  readonly isMissing: boolean;
}

/** Runs a program to its end: its name, its arguments, and what it reads from standard input. */
export type RunProgram = (
  program: string,
  words: readonly string[],
  input: Uint8Array,
) => Promise<ProgramOutcome>;

/** What the command line needs from the world. Only main/ makes one. */
export interface CommandContext {
  /** Version of the program. */
  readonly version: string;
  /** Where results go. */
  readonly output: TextSink;
  /**
   * Writes bytes to where results go, and waits until they are taken.
   * @param bytes - borrowed until the call ends
   * @returns false when nobody reads them any more
   */
  readonly writeBytes: (bytes: Uint8Array) => Promise<boolean>;
  /** Where progress and errors go. */
  readonly errorOutput: TextSink;
  /** Where passphrases are typed or piped in. */
  readonly input: TypedInput;
  /** Tells the time. */
  readonly clock: Clock;
  /** Zone that times are read and shown in; an IANA name. */
  readonly timeZone: string;
  /** What relative paths are relative to. */
  readonly workingFolder: string;
  /** Data folder when --data does not name one. */
  readonly dataFolderDefault: string;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly interruption: AbortSignal;
  /** Whether this process may give files away and make devices. */
  readonly isPrivileged: boolean;
  /** The kind of system that files are written on. */
  readonly system: TargetSystem;
  /** Runs other programs. */
  readonly runProgram: RunProgram;
  /** Starts a server in this process. */
  startServer(order: ServeOrder): Promise<RunningServer>;
  /**
   * Tells what storing some disks would take and save; needs no server.
   * @param files - absolute paths; only read
   * @param action - progress and interruption
   * @throws NOT_A_DISK, IO_FAILED, INTERRUPTED
   */
  analyse(files: readonly string[], action: ActionContext): Promise<AnalysisAnswer>;
}

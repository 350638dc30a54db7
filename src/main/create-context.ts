import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SecondwindError } from '../base/errors.ts';
import { createLogger } from '../base/log.ts';
import { systemClock } from '../base/system-clock.ts';
import { isTimeZone } from '../base/zone-time.ts';
import type { CommandContext, ServeOrder } from '../cli/command-context.ts';
import { readPassphrase } from '../cli/secret-file.ts';
import { socketPathOf } from '../cli/socket-path.ts';
import { runProgram } from './run-program.ts';

/** The streams and surroundings of one command line. */
export interface Surroundings {
  /** Variables that settings are read from. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** What relative paths are relative to. */
  readonly workingFolder: string;
  /** See CommandContext. */
  readonly output: CommandContext['output'];
  /** See CommandContext. */
  readonly writeBytes: CommandContext['writeBytes'];
  /** See CommandContext. */
  readonly errorOutput: CommandContext['errorOutput'];
  /** See CommandContext. */
  readonly input: CommandContext['input'];
  /** Aborted when somebody wants the command to end. */
  readonly interruption: AbortSignal;
}

/** Those of this process, whose signals interrupt from now on. */
export function surroundingsOfProcess(): Surroundings {
  // Whoever read our words has gone ("| head"): there is nobody left to tell, and the work goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return {
    environment: process.env,
    workingFolder: process.cwd(),
    output: process.stdout,
    writeBytes,
    errorOutput: process.stderr,
    input: process.stdin,
    interruption: interruptionSignal(),
  };
}

/**
 * Makes all that the command line needs from the world.
 * @param surroundings - where it runs
 */
export function createContext(surroundings: Surroundings): CommandContext {
  const { environment: env, workingFolder, ...streams } = surroundings;
  const version = readVersion();
  const context: CommandContext = {
    ...streams,
    version,
    clock: systemClock,
    timeZone: timeZoneOf(env['TZ']),
    workingFolder,
    dataFolderDefault: resolve(workingFolder, env['SECONDWIND_DATA'] ?? defaultDataFolder()),
    isPrivileged: process.getuid?.() === 0,
    system: process.platform === 'win32' ? 'windows' : 'posix',
    runProgram,
    startServer: async (order) => {
      const { startServer } = await import('./start-server.ts');
      const { dataFolder, askPassphrase, keyFile, recoveryKeyFile } = order;
      const credentialsFolder = env['CREDENTIALS_DIRECTORY'];
      const passphrase = await passphraseOf(context, order);
      const given = { passphrase, keyFile, recoveryKeyFile, askPassphrase, credentialsFolder };
      return startServer({
        secrets: { dataFolder, ...given },
        socketPath: socketPathOf(dataFolder),
        listenAgents: order.listenAgents,
        version,
        pid: process.pid,
        virsh: env['SECONDWIND_VIRSH'] ?? 'virsh',
        clock: systemClock,
        log: logOf(order),
      });
    },
    analyse: async (files, action) => {
      const { analyseFiles } = await import('./analyse-files.ts');
      return analyseFiles(files, action, systemClock);
    },
  };
  return context;
}

async function passphraseOf(
  context: CommandContext,
  order: ServeOrder,
): Promise<string | undefined> {
  const { passphraseFile } = order;
  return passphraseFile === undefined ? undefined : readPassphrase(context, passphraseFile);
}

function logOf(order: ServeOrder): ReturnType<typeof createLogger> {
  const write = (line: string): void => void process.stderr.write(line);
  return createLogger({ level: 'info', format: order.logFormat, clock: systemClock, write });
}

/** Waits for each piece, so that a slow reader holds back the server and not our memory. */
function writeBytes(bytes: Uint8Array): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  process.stdout.write(bytes, (error) => resolve(error === null || error === undefined));
  return promise;
}

/** The first signal asks to end in order; who sends a second one does not want to wait. */
function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort(new SecondwindError('INTERRUPTED', { action: 'The command' }));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  return interruption.signal;
}

function timeZoneOf(named: string | undefined): string {
  const zone = named ?? '';
  if (zone !== '' && isTimeZone(zone)) return zone;
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function defaultDataFolder(): string {
  if (process.getuid?.() === 0) return '/var/lib/secondwind';
  return join(homedir(), '.local', 'share', 'secondwind');
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

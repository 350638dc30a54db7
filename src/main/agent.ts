import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAgentWords } from '../agent/agent-words.ts';
import { type AgentContext, runAgent } from '../agent/run-agent.ts';
import { fromSystemError } from '../base/errors.ts';
import { createLogger } from '../base/log.ts';
import { secureRandom } from '../base/random.ts';
import { systemClock } from '../base/system-clock.ts';
import { failureText } from '../cli/output/error-text.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const context = createContext();
  try {
    const order = parseAgentWords(words);
    const { stateFolder } = order;
    const absolute = stateFolder === undefined ? undefined : resolve(stateFolder);
    await runAgent({ ...order, stateFolder: absolute }, context);
    return 0;
  } catch (error) {
    const { text: told, exitCode } = failureText(
      error,
      words.includes('--json'),
      'secondwind-agent',
    );
    process.stderr.write(told);
    return exitCode;
  }
}

function createContext(): AgentContext {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (ending.signal.aborted ? process.exit(130) : ending.abort()));
  }
  const write = (line: string): void => void process.stderr.write(line);
  return {
    clock: systemClock,
    random: secureRandom,
    log: createLogger({ level: 'info', format: 'human', clock: systemClock, write }),
    say: (words) => void process.stdout.write(words),
    readSecret,
    stateFolderDefault: resolve(process.env['SECONDWIND_AGENT'] ?? defaultFolder()),
    timeZone: process.env['TZ'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    signal: ending.signal,
  };
}

async function readSecret(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fromSystemError(error, 'Reading', file);
  }
}

function defaultFolder(): string {
  if (process.getuid?.() === 0) return '/var/lib/secondwind-agent';
  return join(homedir(), '.local', 'share', 'secondwind-agent');
}

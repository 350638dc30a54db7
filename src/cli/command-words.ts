import { Command } from 'commander';
import { exitCodes } from './exit-codes.ts';

/** What the help of a command says. */
export interface CommandWords {
  /** Name and arguments as commander reads them: "pause <machine/disk>". */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** Further sentences; each line stands for itself. */
  readonly details?: readonly string[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** Exit codes besides 0, 1, 2 and 130. */
  readonly exits: readonly number[];
}

const exitsOfAll = [0, 1, 2];

/**
 * Makes a command with its help.
 * @param words - see CommandWords
 */
export function commandOf(words: CommandWords): Command {
  const command = new Command(words.usage.split(' ')[0]);
  const commandArguments = words.usage.split(' ').slice(1).join(' ');
  if (commandArguments !== '') command.arguments(commandArguments);
  command.description([words.summary, ...(words.details ?? [])].join('\n'));
  command.summary(words.summary);
  command.addHelpText('after', helpAfter(words));
  return command;
}

/**
 * Makes a command that only groups others.
 * @param name - its word
 * @param summary - one sentence
 * @param commands - the others
 */
export function commandGroup(name: string, summary: string, commands: readonly Command[]): Command {
  const group = new Command(name).description(summary);
  for (const command of commands) group.addCommand(command);
  return group;
}

function helpAfter(words: CommandWords): string {
  const codes = [...exitsOfAll, ...words.exits, 130].map(
    (code) => `  ${String(code).padEnd(4)} ${exitCodes[code] ?? ''}`,
  );
  const examples = words.examples.map((example) => `  $ ${example}`);
  return ['', 'Examples:', ...examples, '', 'Exit codes:', ...codes].join('\n');
}

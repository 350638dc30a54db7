import type { Command } from 'commander';
import { systemClock } from '../../src/base/system-clock.ts';
import { buildProgram } from '../../src/cli/build-program.ts';
import { exitCodesText } from '../../src/cli/commands/help-commands.ts';

const helpWidth = 100;

/** Every command with its words, in the order of the help: "disk add". */
export function allCommands(): readonly (readonly [string, Command])[] {
  const walk = (command: Command, path: readonly string[]): (readonly [string, Command])[] =>
    command.commands
      .filter((child) => child.name() !== 'help' && child.name() !== 'exit-codes')
      .flatMap((child) => {
        const words = [...path, child.name()];
        return child.commands.length > 0 ? walk(child, words) : [[words.join(' '), child] as const];
      });
  return walk(program(), []);
}

/** The page docs/commands.md: what the help says. */
export function commandDocs(): string {
  const sections = allCommands().map(
    ([words, command]) => `## ${words}\n\n${fenced(helpOf(command))}`,
  );
  const head =
    '# Commands\n\n' +
    'This page is what `secondwind help` says. A test proves it fresh, and writes it when told to:\n' +
    '`WRITE_DOCS=1 scripts/node --test test/cli/help.test.ts`.\n\n';
  return `${head}${fenced(helpOf(program()))}\n${sections.join('\n')}\n## Exit codes\n\n${fenced(exitCodesText())}`;
}

/** The help of a command, as it is printed 100 characters wide. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
    getOutHelpWidth: () => helpWidth,
  });
  command.outputHelp();
  return text;
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
}

function program(): Command {
  const nothing = { write: () => true, columns: helpWidth };
  return buildProgram(
    {
      version: '',
      output: nothing,
      writeBytes: async () => true,
      errorOutput: nothing,
      input: process.stdin,
      clock: systemClock,
      timeZone: 'UTC',
      workingFolder: '/',
      dataFolderDefault: '/',
      interruption: new AbortController().signal,
      isPrivileged: false,
      system: 'posix',
      runProgram: () => Promise.reject(new Error('not here')),
      startServer: () => Promise.reject(new Error('not here')),
      analyse: () => Promise.reject(new Error('not here')),
    },
    () => undefined,
  );
}

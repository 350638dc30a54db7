import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { analyseCommand } from './commands/analyse-command.ts';
import { debugCommands } from './commands/debug-commands.ts';
import { diskCommands } from './commands/disk-commands.ts';
import { fileCommands } from './commands/file-commands.ts';
import { exitCodesCommand } from './commands/help-commands.ts';
import { keyCommands } from './commands/key-commands.ts';
import { machineCommands } from './commands/machine-commands.ts';
import { restoreCommand } from './commands/restore-command.ts';
import { serveCommand } from './commands/serve-command.ts';
import { statusCommands } from './commands/status-commands.ts';
import { storeCommands } from './commands/store-commands.ts';
import { timelineCommands } from './commands/timeline-commands.ts';
import { verifyCommand } from './commands/verify-command.ts';
import { viewCommands } from './commands/view-commands.ts';

const afterHelp = `
Times are read as you write them ("14:05:09", "yesterday 9am", "10 minutes ago",
"2026-11-21 14:05:09 +01:00"), in your time zone, and shown back with their zone.

See also:
  secondwind help COMMAND      what a command does, with examples
  secondwind help exit-codes   what the exit codes mean
  secondwind --version         which version this is`;

/**
 * Builds the whole command line.
 * @param context - the world
 * @param fail - told the exit code of a command that ran well but has bad news
 */
export function buildProgram(context: CommandContext, fail: (exitCode: number) => void): Command {
  const program = new Command('secondwind')
    .description('Every disk as it stood at any second.')
    .option('--data <folder>', 'data folder of the server (or SECONDWIND_DATA)')
    .option('--json', 'print JSON: one document, or one line after the other for long actions')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', afterHelp);
  const [status, stats] = statusCommands(context);
  const commands = [
    serveCommand(context),
    status!,
    stats!,
    diskCommands(context),
    machineCommands(context),
    ...timelineCommands(context),
    fileCommands(context, fail),
    verifyCommand(context, fail),
    restoreCommand(context),
    ...viewCommands(context),
    analyseCommand(context),
    ...storeCommands(context, fail),
    keyCommands(context),
    debugCommands(context),
  ];
  for (const command of commands) program.addCommand(command);
  program.addCommand(exitCodesCommand(context), { hidden: true });
  return settle(program, context);
}

/** Errors of usage are errors of the table like all others, and nothing ends the process behind our back. */
function settle(program: Command, context: CommandContext): Command {
  const pending = [program];
  for (let command = pending.pop(); command !== undefined; command = pending.pop()) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => void context.output.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => context.output.columns ?? 100,
    });
    command.configureHelp({ showGlobalOptions: true });
    pending.push(...command.commands);
  }
  return program;
}

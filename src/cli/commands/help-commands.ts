import { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { errorsOfExitCode, exitCodes } from '../exit-codes.ts';
import { table } from '../output/table.ts';

/**
 * The help topic `help exit-codes`, as a hidden command that the program's help leads to.
 * @param context - the world
 */
export function exitCodesCommand(context: CommandContext): Command {
  const command = new Command('exit-codes').description('What the exit codes mean');
  command.helpInformation = exitCodesText;
  return command.action(() => {
    context.output.write(exitCodesText());
  });
}

/** The exit codes and the errors behind them, as a table. */
export function exitCodesText(): string {
  const rows = Object.entries(exitCodes).map(([code, meaning]) => [
    code,
    meaning,
    errorsOfExitCode(Number(code)).join(' '),
  ]);
  return table([{ title: 'CODE', isRight: true }, { title: 'MEANING' }, { title: 'ERRORS' }], rows);
}

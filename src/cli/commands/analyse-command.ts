import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

/**
 * The command `analyse`.
 * @param context - the world
 */
export function analyseCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'analyse <file...>',
    summary: 'Tell what storing these disks would take and save; reads only, needs no server',
    examples: ['secondwind analyse /srv/*.img', 'secondwind analyse /dev/vg0/db1 --json'],
    exits: [3, 8],
  }).action(async (files: string[], _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const paths = files.map((file) => session.path(file));
    const answer = await session.showing((progress) =>
      context.analyse(paths, { progress, signal: context.interruption }),
    );
    session.printResult(answer.document, () => answer.text);
  });
}

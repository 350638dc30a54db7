import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { parseDiskName } from '../../base/names.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandGroup, commandOf } from '../command-words.ts';
import { wholeNumber } from '../whole-number.ts';

/**
 * The commands `debug segment|commit|region|chunk`. They print JSON always.
 * @param context - the world
 */
export function debugCommands(context: CommandContext): Command {
  return commandGroup('debug', 'Decode what is stored, as JSON', [
    segmentCommand(context),
    commitCommand(context),
    regionCommand(context),
    chunkCommand(context),
  ]);
}

async function show(session: CommandSession, path: string): Promise<void> {
  const document = await session.call<unknown>({ method: 'GET', path });
  session.print(document, () => `${JSON.stringify(document, undefined, 2)}\n`);
}

function segmentCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'segment <number>',
    summary: 'Decode the header, entries and footer of a segment',
    examples: ['secondwind debug segment 1'],
    exits: [3, 7, 9],
  }).action(async (segment: string, _options: object, command: Command) => {
    const number = wholeNumber(segment);
    await show(new CommandSession(context, command), apiPath(['debug', 'segments', number]));
  });
}

function commitCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'commit <machine> <number>',
    summary: 'Decode one commit of a machine; "timeline --points" shows the numbers',
    examples: ['secondwind debug commit db1 17'],
    exits: [3, 7, 9],
  }).action(async (machine: string, sequence: string, _options: object, command: Command) => {
    const path = apiPath(['debug', 'commits', machine, wholeNumber(sequence)]);
    await show(new CommandSession(context, command), path);
  });
}

function regionCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'region <machine/disk> <number>',
    summary: 'Decode what the timeline says of one region (1 MiB) at a moment',
    examples: ['secondwind debug region db1/root 0 --at 14:05:09'],
    exits: [3, 9, 10],
  })
    .option('--at <time>', 'the moment', 'now')
    .action(async (name: string, region: string, options: { at: string }, command: Command) => {
      const session = new CommandSession(context, command);
      const { machine, disk } = parseDiskName(name);
      const query = { at: session.moment(options.at) };
      await show(session, apiPath(['debug', 'regions', machine, disk, wholeNumber(region)], query));
    });
}

function chunkCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'chunk <name>',
    summary: 'Tell where a chunk lies and what its group holds',
    examples: [`secondwind debug chunk ${'5e'.repeat(32)}`],
    exits: [3, 7, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    if (!/^[0-9a-f]{64}$/.test(name)) {
      const reason = 'The name of a chunk has 64 hexadecimal digits, as "debug region" shows them';
      throw new SecondwindError('USAGE', { reason });
    }
    await show(new CommandSession(context, command), apiPath(['debug', 'chunks', name]));
  });
}

import { join } from 'node:path';
import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { formatIsoMoment } from '../../base/time-text.ts';
import type { DiskReport } from '../../service/disk-report.ts';
import { microsOfIso } from '../../service/moments.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { type CopyReport, copyReportText, copyToFolder } from './copy-command.ts';

interface CollectOptions {
  readonly machines: string;
  readonly justBefore: string;
  readonly paths: readonly string[];
  readonly to: string;
}

/** What became of one machine. */
interface CollectedMachine {
  readonly machine: string;
  /** What was copied; left out when nothing could be. */
  readonly report?: CopyReport;
  /** Why nothing could be copied. */
  readonly reason?: string;
}

/**
 * The command `files collect`.
 * @param context - the world
 * @param fail - told the exit code when something was left out
 */
export function collectCommand(context: CommandContext, fail: (exitCode: number) => void): Command {
  return commandOf({
    usage: 'collect',
    summary: 'Copy the same files out of many machines, as they stood just before an event',
    details: [
      'Those of each machine go to a folder of its name. What fails for one machine stops no other.',
    ],
    examples: [
      "secondwind files collect --machines 'web*' --just-before '14:05:09' --paths /etc/nginx --to /srv/before",
    ],
    exits: [3, 4, 7, 8, 9, 10],
  })
    .requiredOption('--machines <pattern>', 'names of machines; * stands for any characters')
    .requiredOption('--just-before <time>', 'the moment right before this time')
    .requiredOption('--paths <path...>', 'paths and patterns, as for "files copy"')
    .requiredOption('--to <folder>', 'folder that gets a folder for each machine')
    .action(async (options: CollectOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const collected = await collect(session, options);
      session.printResult(collected, () =>
        collected.map((each) => machineText(session, each)).join(''),
      );
      const isWhole = collected.every(({ report }) => report?.failureCount === 0);
      if (!isWhole) fail(8);
    });
}

async function collect(
  session: CommandSession,
  options: CollectOptions,
): Promise<readonly CollectedMachine[]> {
  const at = formatIsoMoment(microsOfIso(session.plainMoment(options.justBefore)!) - 1);
  const machines = await machinesLike(session, options.machines);
  const collected: CollectedMachine[] = [];
  for (const machine of machines) {
    const order = { where: machine, paths: options.paths, at };
    try {
      const to = join(options.to, machine);
      collected.push({ machine, report: await copyToFolder(session, order, { to }) });
    } catch (error) {
      if (!(error instanceof SecondwindError) || error.code === 'INTERRUPTED') throw error;
      collected.push({ machine, reason: error.message });
    }
  }
  return collected;
}

async function machinesLike(session: CommandSession, pattern: string): Promise<readonly string[]> {
  const disks = await session.call<DiskReport[]>({ method: 'GET', path: apiPath(['disks']) });
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 'u');
  const names = [...new Set(disks.map(({ machine }) => machine))].filter((name) =>
    expression.test(name),
  );
  if (names.length > 0) return names;
  throw new SecondwindError('NOT_FOUND', { what: 'machine like', name: pattern });
}

function machineText(
  session: CommandSession,
  { machine, report, reason }: CollectedMachine,
): string {
  if (report === undefined) return `${machine}: nothing was copied: ${reason ?? ''}\n`;
  return copyReportText(session, report);
}

import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatDuration } from '../../base/units.ts';
import type {
  CheckFindings,
  DamageReport,
  RebuildReport,
} from '../../service/repository-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

interface CheckOptions {
  readonly sample?: number;
  readonly all?: boolean;
}

/**
 * The commands `check` and `rebuild`.
 * @param context - the world
 * @param fail - told the exit code of a command that ran well but has bad news
 */
export function storeCommands(
  context: CommandContext,
  fail: (exitCode: number) => void,
): Command[] {
  return [checkCommand(context, fail), rebuildCommand(context)];
}

function checkCommand(context: CommandContext, fail: (exitCode: number) => void): Command {
  return commandOf({
    usage: 'check',
    summary: 'Look for damage in the store; never changes anything',
    details: [
      'The structure is always checked. --sample and --all also read and authenticate contents.',
      'Each damaged segment is named, with the points that it touches. Ends with 7 when there is damage.',
    ],
    examples: ['secondwind check', 'secondwind check --sample 5%', 'secondwind check --all --json'],
    exits: [7, 8, 9],
  })
    .option('--sample <percent>', 'also read this part of the contents', percent)
    .option('--all', 'also read all contents')
    .action(async (options: CheckOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const contentShare = options.all === true ? 1 : (options.sample ?? 0);
      const body = { contentShare };
      const findings = await session.follow<CheckFindings>({
        method: 'POST',
        path: apiPath(['check']),
        body,
      });
      session.printResult(findings, () => findingsText(session, findings));
      if (!findings.isHealthy) fail(7);
    });
}

function percent(text: string): number {
  const value = Number(/^(\d{1,3}(?:\.\d+)?) ?%?$/.exec(text)?.[1]);
  if (value <= 100) return value / 100;
  throw new SecondwindError('USAGE', {
    reason: `"${text.slice(0, 60)}" is not a part of 100 %; write it like 5%`,
  });
}

function findingsText(session: CommandSession, findings: CheckFindings): string {
  const looked =
    `${formatCount(findings.segmentCount)} segments with ${formatCount(findings.entryCount)} entries checked, ` +
    `${formatBytes(findings.checkedBytes)} read in ${formatDuration(findings.durationMs)}.\n`;
  const faults = findings.indexFaults.map((fault) => `index: ${fault}\n`).join('');
  const mend = faults === '' ? '' : 'The indexes can be built anew with: secondwind rebuild\n';
  const damages = findings.damages.map((damage) => damageText(session, damage)).join('');
  return looked + (findings.isHealthy ? 'No damage was found.\n' : damages + faults + mend);
}

function damageText(session: CommandSession, damage: DamageReport): string {
  const touched = damage.touched.map((place) => {
    const end = place.to === undefined ? 'up to the newest' : `to ${session.cell(place.to)}`;
    return `  ${place.machine}/${place.disk}: ${formatCount(place.regionCount)} MiB of the points from ${session.cell(place.from)} ${end}\n`;
  });
  const more = damage.isMore ? '  and more\n' : '';
  const place = `${damage.file} at byte ${formatCount(damage.offsetBytes)}`;
  const effect = touched.length === 0 ? '  touches no point\n' : touched.join('') + more;
  return `damage: ${place}: ${damage.reason}; ${formatCount(damage.chunkCount)} chunks are lost\n${effect}`;
}

function rebuildCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'rebuild',
    summary: 'Build the indexes anew from the segments; captures and views wait meanwhile',
    examples: ['secondwind rebuild'],
    exits: [7, 8, 9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const call = { method: 'POST', path: apiPath(['rebuild']) } as const;
    const report = await session.follow<RebuildReport>(call);
    session.printResult(
      report,
      () =>
        `${formatCount(report.commitCount)} commits found in ${formatCount(report.segmentCount)} segments, ${formatDuration(report.durationMs)}.\n`,
    );
  });
}

import type { Command } from 'commander';
import { formatCount } from '../../base/units.ts';
import type { FilesOrder } from '../../service/file-report.ts';
import type {
  FindingReport,
  Verdict,
  VerifyReport,
  VolumeHealthReport,
} from '../../service/verify/verify-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { shownName } from '../output/shown-name.ts';

const verdictWords: Readonly<Record<Verdict, string>> = {
  clean: 'clean',
  damage: 'DAMAGED',
  unchecked: 'not checked',
};

/**
 * The command `verify`.
 * @param context - the world
 * @param fail - told the exit code of a command that ran well but has bad news
 */
export function verifyCommand(context: CommandContext, fail: (exitCode: number) => void): Command {
  return commandOf({
    usage: 'verify <where>',
    summary: 'Check the file systems of a machine, disk or volume as they stood at a moment',
    details: [
      "Our own reader walks all structures; then the system's programs check them, where they are installed:",
      'e2fsck, xfs_repair, ntfsfix, btrfs check, fsck.fat, fsck.exfat. They see a view; what they write is thrown away.',
      'The timeline shows the result at its point. Ends with 7 when there is damage.',
    ],
    examples: ['secondwind verify db1', 'secondwind verify db1/root --at "yesterday 9am" --json'],
    exits: [3, 7, 8, 9, 10],
  })
    .option('--at <time>', 'the moment; the newest when left out', 'now')
    .action(async (where: string, { at }: { readonly at: string }, command: Command) => {
      const session = new CommandSession(context, command);
      const body: FilesOrder = { where, at: session.moment(at) };
      const call = { method: 'POST', path: apiPath(['verify']), body } as const;
      const report = await session.follow<VerifyReport>(call);
      session.printResult(report, () => reportText(session, report));
      if (report.verdict === 'damage') fail(7);
    });
}

function reportText(session: CommandSession, report: VerifyReport): string {
  const head = `${report.where} at point ${session.shown(report.point)}: ${verdictWords[report.verdict]}\n`;
  const notes = report.notes.map((note) => `note: ${shownName(note)}\n`);
  return [head, ...report.volumes.map(volumeText), ...notes].join('');
}

function volumeText(volume: VolumeHealthReport): string {
  const { fileSystem = 'no file system', verdict, checkers, findings, isCut } = volume;
  const by = checkers.length === 0 ? '' : `, checked by ${checkers.join(' and ')}`;
  const head = `${shownName(volume.volume)} (${fileSystem}): ${verdictWords[verdict]}${by}\n`;
  const more = isCut ? '  … and more\n' : '';
  return head + findings.map(findingText).join('') + more;
}

function findingText({ severity, checker, structure, offsetBytes, reason }: FindingReport): string {
  const place = offsetBytes === undefined ? '' : ` at byte ${formatCount(offsetBytes)}`;
  return `  ${severity}: ${checker}: ${shownName(structure)}${place}: ${shownName(reason)}\n`;
}

import { mkdir, realpath } from 'node:fs/promises';
import type { Command } from 'commander';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../base/units.ts';
import type { CopyListReport, CopyOrder } from '../../service/copy-report.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { openArchiveOutput } from '../copying/archive-output.ts';
import { copyFiles } from '../copying/copy-files.ts';
import { type CopyFailure, type CopyLoss, CopyTally } from '../copying/copy-tally.ts';
import type { CopyTarget } from '../copying/copy-target.ts';
import { FolderTarget } from '../copying/folder-target.ts';
import { shownName } from '../output/shown-name.ts';
import { wholeNumber } from '../whole-number.ts';
import { momentOfVersion } from './versions-command.ts';

interface CopyOptions {
  readonly at?: string;
  readonly version?: number;
  readonly to?: string;
  readonly tar?: string;
  readonly zip?: string;
  readonly replace?: boolean;
  readonly verify?: boolean;
}

/** What a copy did. */
export interface CopyReport extends CopyListReport {
  /** Where the files went. */
  readonly target: string;
  /** Files written, directories and links too. */
  readonly copiedCount: number;
  /** Bytes of content written. */
  readonly copiedBytes: number;
  /** Files that were there already. */
  readonly keptCount: number;
  /** Files that were not copied. */
  readonly failureCount: number;
  /** The first of them. */
  readonly failures: readonly CopyFailure[];
  /** What the target could not hold. */
  readonly losses: readonly CopyLoss[];
  /** Time it took. */
  readonly durationMs: number;
}

/**
 * The command `files copy`.
 * @param context - the world
 * @param fail - told the exit code of a copy that left files out
 */
export function copyCommand(context: CommandContext, fail: (exitCode: number) => void): Command {
  return commandOf({
    usage: 'copy <where> <path...>',
    summary: 'Copy files as they stood at a moment to a folder or archive',
    details: [
      'Each PATH comes with its last name, directories with all they hold; it may hold *, ?, [a-z] and **.',
      'Owners, permissions, times, ACLs, extended attributes, links, holes and devices are kept as far as',
      'the target can hold them and whoever runs the command may set them; what was lost is listed.',
      'Run again, it skips what is there whole. Names that could lead out of the folder are made safe.',
    ],
    examples: [
      'secondwind files copy db1 /etc/nginx /var/lib/app.db --at yesterday --to /srv/rescue',
      "secondwind files copy db1/root/2 '/home/*/*.odt' --at '14:05:09' --to . --verify",
      'secondwind files copy db1 /srv --at now --tar - | ssh other tar -x --xattrs -C /srv',
    ],
    exits: [3, 4, 7, 8, 9, 10],
  })
    .option('--at <time>', 'the moment: a time, "now", or bookmark:NAME')
    .option(
      '--version <number>',
      'instead of --at: a version of the one file, as "files versions" shows',
      wholeNumber,
    )
    .option('--to <folder>', 'folder the files are copied to; made when missing')
    .option('--tar <file>', 'write a tar archive instead; "-" is standard output')
    .option('--zip <file>', 'write a zip archive instead; "-" is standard output')
    .option('--replace', 'replace files that are there already, and other ones')
    .option('--verify', 'read back everything that is written, and compare')
    .action(async (where: string, paths: string[], options: CopyOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const order = { where, paths, at: await momentOf(session, { where, paths }, options) };
      const report = await copyToFolder(session, order, options);
      if (isOutput(options)) session.say(copyReportText(session, report).trimEnd());
      else session.printResult(report, () => copyReportText(session, report));
      if (report.failureCount > 0) fail(8);
    });
}

async function momentOf(
  session: CommandSession,
  { where, paths }: Pick<CopyOrder, 'where' | 'paths'>,
  { at, version }: CopyOptions,
): Promise<string> {
  if (at !== undefined && version === undefined) return session.moment(at);
  const [path, ...more] = paths;
  if (at !== undefined || version === undefined || path === undefined || more.length > 0) {
    throw new SecondwindError('USAGE', { reason: 'Say --at, or --version and one path' });
  }
  return momentOfVersion(session, { where, path }, version);
}

/**
 * Copies files to a folder or archive.
 * @param session - talks to the server, and shows progress
 * @param order - what is copied
 * @param options - where it goes
 * @throws USAGE, ALREADY_EXISTS, IO_FAILED and what the routes throw
 */
export async function copyToFolder(
  session: CommandSession,
  order: CopyOrder,
  options: CopyOptions,
): Promise<CopyReport> {
  const { clock } = session.context;
  const startMs = clock.steadyMs();
  const tally = new CopyTally();
  const target = await openTarget(session, options, tally);
  const listed = await copyFiles(session, { order, target, tally });
  const { copiedCount, copiedBytes, keptCount, failureCount, failures, losses } = tally;
  return {
    ...listed,
    target: options.to ?? options.tar ?? options.zip ?? '',
    ...{ copiedCount, copiedBytes, keptCount, failureCount, failures, losses },
    durationMs: Math.round(clock.steadyMs() - startMs),
  };
}

async function openTarget(
  session: CommandSession,
  options: CopyOptions,
  tally: CopyTally,
): Promise<CopyTarget> {
  const given = [options.to, options.tar, options.zip].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw new SecondwindError('USAGE', { reason: 'Say one of --to, --tar and --zip' });
  }
  const { isPrivileged, system, runProgram, writeBytes } = session.context;
  if (options.to !== undefined) {
    return new FolderTarget({
      folder: await madeFolder(session.path(options.to)),
      isReplacing: options.replace ?? false,
      isVerified: options.verify ?? false,
      ...{ isPrivileged, system, runProgram, tally },
    });
  }
  if (options.replace === true || options.verify === true) {
    throw new SecondwindError('USAGE', { reason: '--replace and --verify belong to --to' });
  }
  const archive = options.tar ?? options.zip ?? '';
  const path = archive === '-' ? archive : session.path(archive);
  const output = await openArchiveOutput({ path, writeBytes });
  // Loaded only when needed: most runs of the command line write no archive.
  if (options.tar === undefined)
    return new (await import('../copying/zip-target.ts')).ZipTarget(output, tally);
  return new (await import('../copying/tar-target.ts')).TarTarget(output, tally);
}

async function madeFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true });
    return await realpath(path);
  } catch (error) {
    throw fromSystemError(error, 'Making the folder', path);
  }
}

function isOutput({ tar, zip }: CopyOptions): boolean {
  return tar === '-' || zip === '-';
}

/**
 * Tells people what a copy did.
 * @param session - knows the zone
 * @param report - of the copy
 */
export function copyReportText(session: CommandSession, report: CopyReport): string {
  const { copiedCount, copiedBytes, keptCount, durationMs } = report;
  const rate = formatRate(copiedBytes, durationMs);
  const kept = keptCount === 0 ? '' : ` ${formatCount(keptCount)} were there already.`;
  return (
    `${formatCount(copiedCount)} files (${formatBytes(copiedBytes)}) of ${report.where} as it stood at ${session.shown(report.asked)}\n` +
    `copied to ${report.target} in ${formatDuration(durationMs)} (${rate}).${kept}\n` +
    report.losses.map(lossText).join('') +
    failuresText(report)
  );
}

function lossText({ what, reason, fileCount, paths }: CopyLoss): string {
  const [first = ''] = paths;
  const more = fileCount > 1 ? ` and ${formatCount(fileCount - 1)} more` : '';
  return `could not keep: ${shownName(what)} of ${shownName(first)}${more}: ${shownName(reason)}\n`;
}

function failuresText({ failures, failureCount }: CopyReport): string {
  const lines = failures.map(
    ({ path, reason }) => `not copied: ${shownName(path)}: ${shownName(reason)}\n`,
  );
  const more = failureCount - failures.length;
  return lines.join('') + (more > 0 ? `and ${formatCount(more)} more were not copied\n` : '');
}

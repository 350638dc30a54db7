import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { parseDiskName } from '../../base/names.ts';
import { formatBytes, formatDuration, formatRate, parseDuration } from '../../base/units.ts';
import type { DiskOrder, DiskReport, ScanReport } from '../../service/disk-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandGroup, commandOf } from '../command-words.ts';
import { diskTable } from '../output/disk-lines.ts';
import { excludeCommand } from './exclude-command.ts';

interface AddOptions {
  readonly tap?: string;
  readonly image?: string;
  readonly device?: string;
  readonly listen?: string;
  readonly window?: string;
}

/**
 * The commands `disk add|scan|exclude|list|pause|resume|remove`.
 * @param context - the world
 */
export function diskCommands(context: CommandContext): Command {
  return commandGroup('disk', 'Protect disks', [
    addCommand(context),
    scanCommand(context),
    excludeCommand(context),
    listCommand(context),
    changeCommand(context, {
      verb: 'pause',
      summary: 'Stop capturing a disk; it goes on being used',
      done: 'is paused: what is written from now on is a gap on its timeline',
    }),
    changeCommand(context, {
      verb: 'resume',
      summary: 'Capture a disk again, after comparing what may have changed',
      done: 'is captured again',
    }),
    removeCommand(context),
  ]);
}

function addCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'add <machine/disk>',
    summary: 'Begin to protect a disk',
    details: [
      'With --tap the server is the disk: it serves BACKING over NBD and captures every write.',
      'With --image nothing is served; "disk scan" reads the image and stores what differs.',
      'With --device every write to a block device of this very server is captured in the kernel, while it is in use.',
    ],
    examples: [
      'secondwind disk add db1/root --tap /srv/db1.img --listen unix:/run/db1.sock',
      'secondwind disk add db1/data --tap /dev/vg0/db1 --listen 127.0.0.1:10809',
      'secondwind disk add web1/root --image /srv/web1.img',
      'secondwind disk add here/data --device /dev/sdb',
    ],
    exits: [4, 5, 8, 9],
  })
    .option('--tap <backing>', 'file or block device that the server serves and captures')
    .option('--image <file>', 'file or block device that is read by "disk scan"')
    .option('--device <device>', 'whole block device of this server, mounted or not (Linux, root)')
    .option('--listen <address>', 'where the tap serves the disk: unix:PATH or HOST:PORT')
    .option('--window <duration>', 'time between points of a machine (default: 1s), or "flush"')
    .action(async (name: string, options: AddOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const body = diskOrder(session, name, options);
      const disk = await session.call<DiskReport>({
        method: 'POST',
        path: apiPath(['disks']),
        body,
      });
      session.print(disk, () => addedText(disk));
    });
}

function diskOrder(session: CommandSession, name: string, options: AddOptions): DiskOrder {
  const { tap, image, device, listen, window } = options;
  const address = parseDiskName(name);
  if ([tap, image, device].filter((each) => each !== undefined).length !== 1) {
    const reason = 'Name the disk with one of --tap, --image and --device';
    throw new SecondwindError('USAGE', { reason });
  }
  if (device !== undefined) {
    if (listen !== undefined) {
      throw new SecondwindError('USAGE', { reason: '--listen belongs to --tap' });
    }
    return { ...address, source: 'device', path: session.path(device), ...windowOf(window) };
  }
  if (image !== undefined) {
    if (listen !== undefined || window !== undefined) {
      throw new SecondwindError('USAGE', {
        reason: '--listen and --window do not belong to --image',
      });
    }
    return { ...address, source: 'image', path: session.path(image) };
  }
  if (listen === undefined) {
    throw new SecondwindError('USAGE', { reason: 'A tap needs --listen unix:PATH or HOST:PORT' });
  }
  return {
    ...address,
    source: 'tap',
    path: session.path(tap!),
    listen: session.endpoint(listen),
    ...windowOf(window),
  };
}

/** "flush" makes every flush of a client a point of its own. */
function windowOf(text: string | undefined): Pick<DiskOrder, 'windowMs' | 'isCutAtFlush'> {
  if (text === undefined) return {};
  if (text === 'flush') return { isCutAtFlush: true };
  return { windowMs: Math.round(parseDuration(text)) };
}

function addedText(disk: DiskReport): string {
  const name = `${disk.machine}/${disk.disk}`;
  if (disk.source === 'image') {
    return `${name} is known. Store its first image with: secondwind disk scan ${name}\n`;
  }
  if (disk.source === 'device') {
    return (
      `Every write to ${disk.path} is captured from now on.\n` +
      'Its first image is being taken; "secondwind status" shows how far it is.\n'
    );
  }
  return (
    `${name} is served at ${disk.listen}; use that instead of ${disk.path} from now on.\n` +
    'Its first image is being taken; "secondwind status" shows how far it is.\n'
  );
}

function scanCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'scan <machine/disk>',
    summary: 'Compare an image with its newest point and store what differs',
    details: ['The first scan stores the whole image. Nobody should write to it meanwhile.'],
    examples: ['secondwind disk scan web1/root'],
    exits: [3, 5, 8, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const { machine, disk } = parseDiskName(name);
    const path = apiPath(['disks', machine, disk, 'scan']);
    const report = await session.follow<ScanReport>({ method: 'POST', path });
    session.printResult(report, () => scanText(session, name, report));
  });
}

function scanText(session: CommandSession, name: string, report: ScanReport): string {
  const rate = formatRate(report.sizeBytes, report.durationMs);
  return (
    `${name} scanned: ${formatBytes(report.sizeBytes)} in ${formatDuration(report.durationMs)} (${rate}).\n` +
    `${formatBytes(report.changedBytes)} differed, ${formatBytes(report.storedBytes)} added to the store.\n` +
    excludedText(report) +
    `New point: ${session.shown(report.point)}\n`
  );
}

function excludedText({ excludedBytes, notes }: ScanReport): string {
  const excluded = excludedBytes === 0 ? '' : `${formatBytes(excludedBytes)} left out: excluded.\n`;
  return excluded + notes.map((note) => `Note: ${note}\n`).join('');
}

function listCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'list',
    summary: 'List every disk that is protected or has points',
    examples: ['secondwind disk list', "secondwind disk list --json | jq -r '.[].disk'"],
    exits: [9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const disks = await session.call<DiskReport[]>({ method: 'GET', path: apiPath(['disks']) });
    session.print(disks, () => diskTable(session, disks));
  });
}

function changeCommand(
  context: CommandContext,
  words: { readonly verb: 'pause' | 'resume'; readonly summary: string; readonly done: string },
): Command {
  return commandOf({
    usage: `${words.verb} <machine/disk>`,
    summary: words.summary,
    examples: [`secondwind disk ${words.verb} db1/root`],
    exits: [3, 5, 8, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const { machine, disk } = parseDiskName(name);
    const path = apiPath(['disks', machine, disk, words.verb]);
    const report = await session.call<DiskReport>({ method: 'POST', path });
    session.print(report, () => `${name} ${words.done}.\n`);
  });
}

function removeCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'remove <machine/disk>',
    summary: 'End the protection of a disk; its points remain',
    details: ['A tap ends its address, so disconnect its clients first.'],
    examples: ['secondwind disk remove db1/root'],
    exits: [3, 5, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const { machine, disk } = parseDiskName(name);
    const path = apiPath(['disks', machine, disk]);
    const report = await session.call<DiskReport>({ method: 'DELETE', path });
    session.print(report, () => `${name} is not protected any more; its points remain.\n`);
  });
}

import type { Command } from 'commander';
import type {
  MountOrder,
  MountReport,
  OpenedShareReport,
  ShareOrder,
  ShareReport,
} from '../../service/mount-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

/**
 * The commands `files mount|unmount|share|unshare`.
 * @param context - the world
 */
export function mountCommands(context: CommandContext): Command[] {
  return [
    mountCommand(context),
    unmountCommand(context),
    shareCommand(context),
    unshareCommand(context),
  ];
}

function mountCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'mount <folder>',
    summary: 'Mount the files of all machines at all times on a folder, read-only',
    details: [
      'Below the folder lie MACHINE/latest, MACHINE/bookmarks/NAME and MACHINE/times/DAY/HOUR/SECOND,',
      'each with the files as they stood. Any time may also be written instead of chosen:',
      'MACHINE/times/"10 minutes ago". Times are those of your zone. Only the user of the server sees',
      'the files. The server must run as root; it ends with the server.',
    ],
    examples: [
      'secondwind files mount /mnt/then',
      'ls /mnt/then/db1/bookmarks/before-upgrade/etc',
      'diff -r /mnt/then/db1/times/"yesterday 9am"/etc /mnt/then/db1/latest/etc',
    ],
    exits: [3, 4, 8, 9],
  }).action(async (folder: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const body: MountOrder = { folder: session.path(folder), timeZone: context.timeZone };
    const call = { method: 'POST', path: apiPath(['mounts']), body } as const;
    const mount = await session.call<MountReport>(call);
    session.print(
      mount,
      () =>
        `The files of all machines are at ${mount.folder}.\n` +
        `End it with: secondwind files unmount ${mount.folder}\n`,
    );
  });
}

function unmountCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'unmount <folder>',
    summary: 'End a mount',
    details: ['While programs use it, it stays, unless --force is given: they get errors then.'],
    examples: ['secondwind files unmount /mnt/then'],
    exits: [3, 8, 9],
  })
    .option('--force', 'also while programs use it')
    .action(async (folder: string, options: { readonly force?: boolean }, command: Command) => {
      const session = new CommandSession(context, command);
      const body = { folder: session.path(folder), isForced: options.force ?? false };
      const call = { method: 'POST', path: apiPath(['mounts', 'end']), body } as const;
      const mount = await session.call<MountReport>(call);
      session.print(mount, () => `${mount.folder} is unmounted.\n`);
    });
}

function shareCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'share',
    summary: 'Serve the files of all machines at all times over WebDAV, read-only',
    details: [
      'What a mount shows, for systems without one: Windows and macOS connect to it by themselves.',
      'It listens on this machine only, since files would travel in the clear; bring others there',
      'through an encrypted tunnel, such as ssh -L. The password is made anew each time and shown once.',
    ],
    examples: [
      'secondwind files share --listen 127.0.0.1:8480',
      'ssh -L 8480:127.0.0.1:8480 backup-server',
    ],
    exits: [4, 5, 8, 9],
  })
    .requiredOption('--listen <address>', 'HOST:PORT of this machine; port 0 takes a free one')
    .action(async (options: { readonly listen: string }, command: Command) => {
      const session = new CommandSession(context, command);
      const body: ShareOrder = { listen: options.listen, timeZone: context.timeZone };
      const call = { method: 'POST', path: apiPath(['shares']), body } as const;
      const share = await session.call<OpenedShareReport>(call);
      session.print(
        share,
        () =>
          `The files of all machines are at ${share.url}\n` +
          `User name: any. Password, shown this once only: ${share.password}\n` +
          `End it with: secondwind files unshare ${share.listen}\n`,
      );
    });
}

function unshareCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'unshare <address>',
    summary: 'End a WebDAV endpoint',
    examples: ['secondwind files unshare 127.0.0.1:8480'],
    exits: [3, 9],
  }).action(async (listen: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const call = { method: 'POST', path: apiPath(['shares', 'end']), body: { listen } } as const;
    const share = await session.call<ShareReport>(call);
    session.print(share, () => `${share.listen} is closed.\n`);
  });
}

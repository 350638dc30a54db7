import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { checkName } from '../../base/names.ts';
import { parseDuration } from '../../base/units.ts';
import type { GuestOrder, MachineReport } from '../../service/machine-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandGroup, commandOf } from '../command-words.ts';
import { machineTable } from '../output/machine-lines.ts';
import { enrolCommand, revokeCommand } from './agent-commands.ts';

interface ProtectOptions {
  readonly qmp?: string;
  readonly libvirt?: string;
  readonly uri?: string;
  readonly disk?: readonly string[];
  readonly guestAgent?: string;
  readonly window?: string;
  readonly socketFolder?: string;
}

/**
 * The commands `machine protect|list|unprotect|enrol|revoke|link|unlink`.
 * @param context - the world
 */
export function machineCommands(context: CommandContext): Command {
  return commandGroup(
    'machine',
    'Protect running virtual machines from outside, and others by an agent',
    [
      protectCommand(context),
      listCommand(context),
      unprotectCommand(context),
      enrolCommand(context),
      revokeCommand(context),
      linkCommand(context),
      unlinkCommand(context),
    ],
  );
}

function protectCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'protect <name>',
    summary: 'Begin to protect a running QEMU or libvirt guest, without agent or restart',
    details: [
      'Every write of the guest is copied here before the guest sees it done; all its disks are cut together.',
      'If the server is away or too slow, the guest goes on, and its disks are compared when it is back.',
      'With --guest-agent, "bookmark --quiesce" makes points at which the applications hold still.',
    ],
    examples: [
      'secondwind machine protect web1 --qmp /run/web1.qmp',
      'secondwind machine protect web1 --qmp /run/web1.qmp --disk root --disk data',
      'secondwind machine protect db1 --libvirt db1 --uri qemu:///system',
    ],
    exits: [3, 4, 5, 8, 9],
  })
    .option('--qmp <socket>', "Unix socket of the guest's QEMU monitor (QMP), for us alone")
    .option('--libvirt <domain>', 'name of its libvirt domain, instead of --qmp')
    .option('--uri <uri>', 'connection to libvirt (default: qemu:///system)')
    .option('--disk <names...>', 'drives, devices or nodes to protect (default: all writable ones)')
    .option('--guest-agent <socket>', "Unix socket of the guest's QEMU guest agent")
    .option('--window <duration>', 'time between points (default: 1s)')
    .option('--socket-folder <folder>', "folder in which the guest's QEMU and the server meet")
    .action(async (name: string, options: ProtectOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const body = guestOrder(session, name, options);
      const path = apiPath(['machines']);
      const machine = await session.call<MachineReport>({ method: 'POST', path, body });
      session.print(machine, () => protectedText(machine));
    });
}

function guestOrder(session: CommandSession, name: string, options: ProtectOptions): GuestOrder {
  const { qmp, libvirt, uri, disk, guestAgent, window, socketFolder } = options;
  if ((qmp === undefined) === (libvirt === undefined)) {
    throw new SecondwindError('USAGE', { reason: 'Name the guest with either --qmp or --libvirt' });
  }
  if (libvirt === undefined && uri !== undefined) {
    throw new SecondwindError('USAGE', { reason: '--uri belongs to --libvirt' });
  }
  return {
    machine: checkName('machine', name),
    ...(qmp === undefined ? {} : { qmp: session.path(qmp) }),
    ...(libvirt === undefined ? {} : { libvirtDomain: libvirt }),
    ...(uri === undefined ? {} : { libvirtUri: uri }),
    ...(disk === undefined ? {} : { disks: disk }),
    ...(guestAgent === undefined ? {} : { guestAgent: session.path(guestAgent) }),
    ...(window === undefined ? {} : { windowMs: Math.round(parseDuration(window)) }),
    ...(socketFolder === undefined ? {} : { socketFolder: session.path(socketFolder) }),
  };
}

function protectedText({ machine }: MachineReport): string {
  return (
    `${machine} is protected from now on; its first images are being taken while it runs.\n` +
    '"secondwind status" shows how far they are.\n'
  );
}

function listCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'list',
    summary: 'List every machine that is protected or has points, by server',
    examples: ['secondwind machine list', "secondwind machine list --json | jq -r '.[].machine'"],
    exits: [9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['machines']);
    const machines = await session.call<MachineReport[]>({ method: 'GET', path });
    session.print(machines, () => machineTable(session, machines));
  });
}

function unprotectCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'unprotect <name>',
    summary: 'End the protection of a guest; it runs on, and its points remain',
    examples: ['secondwind machine unprotect web1'],
    exits: [3, 8, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['machines', checkName('machine', name)]);
    const machine = await session.call<MachineReport>({ method: 'DELETE', path });
    session.print(machine, () => `${name} is not protected any more; its points remain.\n`);
  });
}

function linkCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'link <name> <other>',
    summary: 'Show two machines as one server: protected from outside and from inside',
    examples: ['secondwind machine link web1 web1-inside'],
    exits: [3, 9],
  }).action(async (name: string, other: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['machines', checkName('machine', name), 'links']);
    const body = { other: checkName('machine', other) };
    const machines = await session.call<MachineReport[]>({ method: 'POST', path, body });
    session.print(machines, () => machineTable(session, machines));
  });
}

function unlinkCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'unlink <name>',
    summary: 'Show a machine as a server of its own again',
    examples: ['secondwind machine unlink web1'],
    exits: [3, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['machines', checkName('machine', name), 'links']);
    const machines = await session.call<MachineReport[]>({ method: 'DELETE', path });
    session.print(machines, () => machineTable(session, machines));
  });
}

import type { Command } from 'commander';
import { checkName } from '../../base/names.ts';
import type { AgentReport, EnrolmentReport } from '../../service/agent-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

/**
 * The command `machine enrol`.
 * @param context - the world
 */
export function enrolCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'enrol <name>',
    summary: 'Give out a code with which an agent on another machine is enrolled',
    details: [
      'The code is used once, within an hour, on the machine itself: "secondwind-agent enrol --server HOST:PORT".',
      'It makes both sides sure of each other. Whoever has it can send points as that machine, and do nothing else.',
      'A machine that is enrolled already, with a disk that was lost say, is enrolled again in the same way.',
    ],
    examples: ['secondwind machine enrol web1'],
    exits: [4, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const body = { machine: checkName('machine', name) };
    const path = apiPath(['agents']);
    const report = await session.call<EnrolmentReport>({ method: 'POST', path, body });
    session.print(report, () => enrolmentText(report, session.shown(report.until)));
  });
}

/**
 * The command `machine revoke`.
 * @param context - the world
 */
export function revokeCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'revoke <name>',
    summary: 'Admit the agent of a machine no more; its points remain',
    details: [
      'Its connection ends at once. "machine enrol" lets it in again, with a new certificate.',
    ],
    examples: ['secondwind machine revoke web1'],
    exits: [3, 8, 9],
  }).action(async (name: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['agents', checkName('machine', name)]);
    const report = await session.call<AgentReport>({ method: 'DELETE', path });
    session.print(
      report,
      () => `The agent of ${name} is not admitted any more; its points remain.\n`,
    );
  });
}

function enrolmentText({ machine, code, listen }: EnrolmentReport, until: string): string {
  return (
    `On ${machine}, until ${until}:\n` +
    `  secondwind-agent enrol --server ${listen}\n` +
    `and give it this code:\n  ${code}\n`
  );
}

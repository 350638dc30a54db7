import { formatDuration } from '../../base/units.ts';
import type { MachineReport } from '../../service/machine-report.ts';
import type { CommandSession } from '../command-session.ts';
import { table } from './table.ts';

/**
 * Writes machines as a table, those of one server below each other.
 * @param session - knows the zone of times
 * @param machines - from a report
 */
export function machineTable(session: CommandSession, machines: readonly MachineReport[]): string {
  if (machines.length === 0) {
    return 'No machine is protected yet. Begin with: secondwind machine protect NAME --help\n';
  }
  const columns = [
    { title: 'SERVER' },
    { title: 'MACHINE' },
    { title: 'STATE' },
    { title: 'DISKS' },
    { title: 'GUEST' },
    { title: 'AGENT' },
    { title: 'LAST HEARD' },
    { title: 'LAG' },
  ];
  const rows = machines.map(
    ({ server, machine, state, disks, guest = '', agent = '', ...sent }, index) => [
      machines[index - 1]?.server === server ? '' : server,
      machine,
      state,
      disks.join(', '),
      guest,
      agent,
      session.cell(sent.lastHeard),
      sent.lagMs === undefined ? '' : formatDuration(sent.lagMs),
    ],
  );
  const remarks = machines.flatMap(({ machine, reason }) =>
    reason === undefined ? [] : [`${machine}: ${reason}\n`],
  );
  return table(columns, rows) + remarks.join('');
}

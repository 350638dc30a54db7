import { fileURLToPath } from 'node:url';
import { type CommandLine, commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import type { Bench, Work } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** The NBD server alone, without a repository behind it. */
export const nbdServer: Work = {
  name: 'nbd-server',
  title: 'The NBD server alone',
  run: measure,
};

const script = fileURLToPath(new URL('../nbd.ts', import.meta.url));
/** Short measurements scatter more than long ones. */
const roundsMin = 3;
const latencyTitle = '× nbdkit µs';

async function measure(bench: Bench): Promise<WorkResult> {
  const { rounds, seconds } = bench.options;
  const each = String(Math.max(1, Math.round(seconds / 10)));
  const command: CommandLine = {
    program: process.execPath,
    args: [script, '--rounds', String(Math.max(roundsMin, rounds)), '--seconds', each, '--json'],
  };
  const rows = JSON.parse((await runCommand(command)).output) as readonly Row[];
  const depthOne = rows.find(
    (row) => row['work'] === 'randread 4k depth 1' && row['server'] === 'secondwind memory',
  );
  return {
    columns: Object.keys(rows[0] ?? {}).map((title) => ({ key: title, title })),
    rows,
    aims: [
      {
        text: 'latency of 4 KiB reads at depth 1, against nbdkit memory',
        value: Number(depthOne?.[latencyTitle]),
        ...{ kind: 'at most', limit: 2, unit: ' ×' },
      },
    ],
    commands: [shortened(commandText(command), bench)],
    notes: [],
  };
}

import { fileURLToPath } from 'node:url';
import { type CommandLine, commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** The indexes at size. */
export const indexSize: Work = {
  name: 'index-size',
  title: 'Indexes at size',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const script = fileURLToPath(new URL('../index-20m.ts', import.meta.url));

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const command: CommandLine = {
    program: process.execPath,
    args: [script, '--chunks', String(bench.options.chunks), '--directory', scratch],
  };
  const { output } = await runCommand(command);
  const lines = output.trim().split('\n');
  const [head = [], , ...body] = lines.filter((line) => line.startsWith('|')).map(cellsOf);
  return {
    columns: head.map((title, index) => ({ key: String(index), title })),
    rows: body.map((cells): Row => Object.fromEntries(cells.entries())),
    aims: [],
    commands: [shortened(commandText(command), bench)],
    notes: lines.filter((line) => !line.startsWith('|')),
  };
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

import { join } from 'node:path';
import { commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** Files found by their names. */
export const findNames: Work = {
  name: 'find-names',
  title: 'Find files by their names',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const limitMs = 200;
/** One name, a common word, two common words, an ending, and a name that is nowhere. */
const patterns = ['*-0001234.*', 'invoice*', '*report*2026*', '*.xlsx', '*zebra*'] as const;

interface Answer extends Row {
  readonly pattern: string;
  readonly firstMs: number;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { names } = bench.options;
  const file = join(scratch, 'names.sqlite');
  const fill = ourCommand(bench, 'fill-index', file, String(names));
  const find = ourCommand(bench, 'search-index', file, patterns.join(','));
  bench.say(`${names} names…`);
  const filled = await runCommand(fill);
  const answers = JSON.parse((await runCommand(find)).output) as readonly Answer[];
  return {
    columns: [
      { key: 'pattern', title: 'pattern' },
      { key: 'count', title: 'names given out' },
      { key: 'firstMs', title: 'first answer ms', digits: 1 },
      { key: 'lastMs', title: 'last answer ms', digits: 1 },
    ],
    rows: answers.map((answer) => ({ ...answer, pattern: `\`${answer.pattern}\`` })),
    aims: [
      {
        text: `first answer among ${names} names`,
        value: Math.max(...answers.map(({ firstMs }) => firstMs)),
        ...{ kind: 'at most', limit: limitMs, unit: ' ms' },
      },
    ],
    commands: [fill, find].map((each) => shortened(commandText(each), bench)),
    notes: [
      'A fresh process, which has read nothing of the index but its list of volumes. A thousand names are given out at most; where there are none, the first answer is that.',
      `Taking the names in: ${(names / filled.processorSeconds).toFixed(0)} names per second of processor time.`,
    ],
  };
}

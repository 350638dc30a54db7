import { join } from 'node:path';
import { commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** How long it takes to open a view. */
export const openView: Work = {
  name: 'open-view',
  title: 'Open a view',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

interface DiskTimes {
  readonly disk: string;
  readonly sizeBytes: number;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly highMs: number;
  readonly longestMs: number;
}

const shortHistory = 10;
const viewCount = 1000;
const limitMs = 50;

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const rows: (Row & DiskTimes)[] = [];
  const commands: string[] = [];
  for (const commits of [shortHistory, bench.options.commits]) {
    const folder = join(scratch, String(commits));
    const fill = ourCommand(bench, 'fill-history', folder, String(commits));
    const time = ourCommand(bench, 'time-views', folder, String(viewCount));
    commands.push(...[fill, time].map((each) => shortened(commandText(each), bench)));
    bench.say(`${commits} commits…`);
    await runCommand(fill);
    const times = JSON.parse((await runCommand(time)).output) as readonly DiskTimes[];
    rows.push(...times.map((each) => ({ ...each, commits, size: sizeText(each.sizeBytes) })));
  }
  return {
    columns: [
      { key: 'commits', title: 'commits' },
      { key: 'size', title: 'disk' },
      { key: 'firstMs', title: 'first ms', digits: 2 },
      { key: 'medianMs', title: 'median ms', digits: 2 },
      { key: 'highMs', title: 'p99 ms', digits: 2 },
      { key: 'longestMs', title: 'longest ms', digits: 2 },
    ],
    rows,
    aims: [
      {
        text: '99 of 100 open within',
        value: Math.max(...rows.map(({ highMs }) => highMs)),
        ...{ kind: 'at most', limit: limitMs, unit: ' ms' },
      },
    ],
    commands,
    notes: [
      `${viewCount} views of each disk, each at a random moment of its history, from the order to the first block read. "First" is the first of its process.`,
      'A commit a second, each of one block on both disks; written without syncing, since a million syncs would measure the disk.',
    ],
  };
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 40 ? `${bytes / 2 ** 40} TiB` : `${bytes / 2 ** 30} GiB`;
}

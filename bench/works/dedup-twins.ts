import { join } from 'node:path';
import { commandText, runCommand } from '../measure/run-command.ts';
import { contentCutter, fixedCutter } from '../reference/cutters.ts';
import { measureDedup } from '../reference/dedup-reference.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

interface Stats {
  readonly uniqueBytes: number;
  readonly storedBytes: number;
  readonly chunkCount: number;
}

/** How much is left of four images that hold the same files. */
export const dedupTwins: Work = {
  name: 'dedup-twins',
  title: 'Dedup over four images holding the same files at other places',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const cutters = [
  fixedCutter('fixed 4 MiB', 4 * 2 ** 20),
  contentCutter('content-defined 1 MiB, byte-wise'),
  fixedCutter('fixed 4 KiB, the limit', 4096),
];

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const images = await bench.images.twins(bench.options.twinBytes);
  const { stats, commands } = await ourStats(bench, images, join(scratch, 'store'));
  const rows: Row[] = [];
  let dataBytes = 0;
  for (const cutter of cutters) {
    bench.say(`${cutter.name}…`);
    const figures = measureDedup(images, cutter);
    dataBytes = figures.dataBytes;
    rows.push(rowOf(cutter.name, figures.uniqueBytes, figures.chunkCount, dataBytes));
  }
  const ours = rowOf('secondwind', stats.uniqueBytes, stats.chunkCount, dataBytes);
  const storedMebibytes = stats.storedBytes / 2 ** 20;
  return {
    columns: [
      { key: 'name', title: 'cutting' },
      { key: 'ratio', title: 'ratio', digits: 2 },
      { key: 'uniqueMebibytes', title: 'different MiB' },
      { key: 'chunkCount', title: 'chunks' },
      { key: 'storedMebibytes', title: 'stored, compressed, MiB' },
    ],
    rows: [{ ...ours, storedMebibytes }, ...rows],
    aims: [
      {
        text: 'dedup ratio',
        value: dataBytes / stats.uniqueBytes,
        ...{ kind: 'at least', limit: 2.1, unit: '' },
      },
    ],
    commands,
    notes: [
      `The images together hold ${(dataBytes / 2 ** 20).toFixed(0)} MiB in blocks that are not zero; the ratio is that to what is different.`,
      'Three are ext4 (in the order of the folders; without journal and in another order; with inodes of 1 KiB, smaller groups and a third order), one is NTFS.',
    ],
  };
}

/** Each image is another disk: what they share is found by content alone. */
async function ourStats(
  bench: Bench,
  images: readonly string[],
  folder: string,
): Promise<{ stats: Stats; commands: string[] }> {
  await bench.archives.empty(bench.archives.ours, folder);
  const commands = images.map((image, index) =>
    ourCommand(bench, 'scan', folder, image, `disk-${index + 1}`),
  );
  for (const command of commands) await runCommand(command);
  const { output } = await runCommand(ourCommand(bench, 'stats', folder));
  const lines = commands.map((command) => shortened(commandText(command), bench));
  return { stats: JSON.parse(output) as Stats, commands: lines };
}

function rowOf(name: string, uniqueBytes: number, chunkCount: number, dataBytes: number): Row {
  const uniqueMebibytes = uniqueBytes / 2 ** 20;
  return { name, ratio: dataBytes / uniqueBytes, uniqueMebibytes, chunkCount };
}

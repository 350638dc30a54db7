import { join } from 'node:path';
import { commandText, runCommand } from '../measure/run-command.ts';
import type { WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** The indexes anew from the segments. */
export const rebuildIndex: Work = {
  name: 'rebuild-index',
  title: 'Rebuild the indexes',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

interface Rebuild {
  readonly seconds: number;
  readonly logicalBytes: number;
  readonly storedBytes: number;
  readonly chunkCount: number;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { archives, images, options } = bench;
  const folder = join(scratch, 'store');
  await archives.withImage(archives.ours, await images.full(options.imageBytes), folder);
  const command = ourCommand(bench, 'rebuild', folder);
  const run = await runCommand(command);
  const { seconds, logicalBytes, storedBytes, chunkCount } = JSON.parse(run.output) as Rebuild;
  return {
    columns: [
      { key: 'seconds', title: 's', digits: 2 },
      { key: 'perLogical', title: 's per GB of disk', digits: 3 },
      { key: 'perStored', title: 's per GB of segments', digits: 3 },
      { key: 'chunkCount', title: 'chunks' },
      { key: 'chunksPerSecond', title: 'chunks/s' },
      { key: 'peakMebibytes', title: 'peak memory MiB' },
    ],
    rows: [
      {
        ...{ seconds, chunkCount },
        perLogical: seconds / (logicalBytes / 1e9),
        perStored: seconds / (storedBytes / 1e9),
        chunksPerSecond: chunkCount / seconds,
        peakMebibytes: run.peakMemoryBytes / 2 ** 20,
      },
    ],
    aims: [],
    commands: [shortened(commandText(command), bench)],
    notes: ['The segments are in the page cache.'],
  };
}

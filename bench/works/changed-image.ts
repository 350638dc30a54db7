import { join } from 'node:path';
import type { WorkResult } from '../report/result.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { keepers } from './contestants.ts';
import { measureSavings, savingColumns, savingOf, savingRows } from './saving.ts';

/** The image again after 1 % of its blocks were overwritten. */
export const changedImage: Work = {
  name: 'changed-image',
  title: 'Again after 1 % random 4 KiB writes',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { archives, images, options } = bench;
  const original = await images.full(options.imageBytes);
  const image = await images.changed(options.imageBytes);
  const folder = join(scratch, 'tool');
  const { medians, commands } = await measureSavings({
    ...{ bench, tools: keepers(bench), image, imageBytes: options.imageBytes, folder },
    prepare: (make) => archives.withImage(make, original, folder),
    command: (tool) => tool.save(image, 'second'),
  });
  const ours = savingOf(medians, 'secondwind');
  const [restic, borg] = [savingOf(medians, 'restic'), savingOf(medians, 'borg')];
  const changedMebibytes = (options.imageBytes * 0.01) / 2 ** 20;
  const speed = { kind: 'at least', unit: ' ×', limit: 3 } as const;
  return {
    columns: savingColumns,
    rows: savingRows(medians),
    aims: [
      { ...speed, text: 'as fast as restic', value: restic.seconds / ours.seconds },
      { ...speed, text: 'as fast as borg', value: borg.seconds / ours.seconds },
      {
        text: `store grew, for ${changedMebibytes.toFixed(1)} MiB changed`,
        value: ours.storedMebibytes,
        ...{ kind: 'at most', limit: (changedMebibytes * 55) / 41, unit: ' MiB' },
      },
    ],
    commands,
    notes: ['The new blocks are random bytes, which nobody can compress.'],
  };
}

import { join } from 'node:path';
import type { WorkResult } from '../report/result.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { keepers } from './contestants.ts';
import { measureSavings, savingColumns, savingOf, savingRows } from './saving.ts';

/** The same image again. */
export const unchangedImage: Work = {
  name: 'unchanged-image',
  title: 'Again, nothing changed, everything re-read',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { archives, images, options } = bench;
  const image = await images.full(options.imageBytes);
  const folder = join(scratch, 'tool');
  const { medians, commands } = await measureSavings({
    ...{ bench, tools: keepers(bench), image, imageBytes: options.imageBytes, folder },
    prepare: (make) => archives.withImage(make, image, folder),
    command: (tool) => tool.save(image, 'second'),
  });
  const ours = savingOf(medians, 'secondwind');
  const [restic, borg] = [savingOf(medians, 'restic'), savingOf(medians, 'borg')];
  const speed = { kind: 'at least', unit: ' ×', limit: 1.5 } as const;
  return {
    columns: savingColumns,
    rows: savingRows(medians),
    aims: [
      { ...speed, text: 'as fast as restic', value: restic.seconds / ours.seconds },
      { ...speed, text: 'as fast as borg', value: borg.seconds / ours.seconds },
    ],
    commands,
    notes: [
      'restic runs with --force and borg without its files cache, so that they read everything again.',
    ],
  };
}

import { join } from 'node:path';
import type { WorkResult } from '../report/result.ts';
import { firstSave } from '../setting/archives.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { allTools } from './contestants.ts';
import { measureSavings, savingColumns, savingOf, savingRows } from './saving.ts';

/** The first full image of a disk. */
export const firstImage: Work = {
  name: 'first-image',
  title: 'First full image',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { archives, images, options } = bench;
  const image = await images.full(options.imageBytes);
  const folder = join(scratch, 'tool');
  const saved = firstSave(image);
  const { medians, commands } = await measureSavings({
    ...{ bench, tools: allTools(bench), image, imageBytes: options.imageBytes, folder },
    prepare: (make) => archives.empty(make, folder),
    command: (tool) => tool.save(saved.image, saved.label),
    after: (make) => archives.keep(make, image, folder),
  });
  const ours = savingOf(medians, 'secondwind');
  const [restic, borg] = [savingOf(medians, 'restic'), savingOf(medians, 'borg')];
  const speed = { kind: 'at least', unit: ' ×' } as const;
  return {
    columns: savingColumns,
    rows: savingRows(medians),
    aims: [
      { ...speed, text: 'as fast as restic', value: restic.seconds / ours.seconds, limit: 3 },
      { ...speed, text: 'as fast as borg', value: borg.seconds / ours.seconds, limit: 2 },
      {
        text: 'stored, against restic',
        value: ours.storedMebibytes,
        ...{ kind: 'at most', limit: restic.storedMebibytes, unit: ' MiB' },
      },
      {
        text: 'memory',
        value: ours.peakMebibytes,
        ...{ kind: 'at most', limit: 512, unit: ' MiB' },
      },
    ],
    commands,
    notes: [
      `The image: ${await images.describe(image)}.`,
      'The image is in the page cache for all. Ours, restic and borg bring what they store to stable storage themselves; ' +
        'the others leave it to the kernel ("then sync").',
      'Our index, which can be built anew, is not counted as stored; neither are the caches of restic and borg.',
    ],
  };
}

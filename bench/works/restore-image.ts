import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../measure/run-command.ts';
import type { ArchiveTool } from '../peers/archive-tool.ts';
import type { WorkResult } from '../report/result.ts';
import { firstSave } from '../setting/archives.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { allTools } from './contestants.ts';
import { measureSavings, savingColumns, savingOf, savingRows } from './saving.ts';

/** The whole image back into a new file. */
export const restoreImage: Work = {
  name: 'restore-image',
  title: 'Restore whole',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const columns = savingColumns.filter(({ key }) => key !== 'storedMebibytes');

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { archives, images, options } = bench;
  const image = await images.full(options.imageBytes);
  const folder = join(scratch, 'tool');
  const target = join(scratch, 'restored');
  const saved = firstSave(image);
  const { medians, commands } = await measureSavings({
    ...{ bench, tools: allTools(bench), image, imageBytes: options.imageBytes, folder },
    prepare: async (make) => {
      await rm(target, { recursive: true, force: true });
      await mkdir(target);
      return archives.withImage(make, image, folder);
    },
    command: (tool) => tool.restore(saved, target),
    after: (_make, tool) => compare(tool, image, target),
  });
  const ours = savingOf(medians, 'secondwind');
  const [restic, borg] = [savingOf(medians, 'restic'), savingOf(medians, 'borg')];
  const speed = { kind: 'at least', unit: ' ×', limit: 2 } as const;
  return {
    columns,
    rows: savingRows(medians),
    aims: [
      { ...speed, text: 'as fast as restic', value: restic.seconds / ours.seconds },
      { ...speed, text: 'as fast as borg', value: borg.seconds / ours.seconds },
    ],
    commands,
    notes: [
      'Every restored file is compared with the image. The stores are in the page cache for all.',
      'Ours ends when the file is on stable storage; the others leave that to the kernel ("then sync").',
    ],
  };
}

async function compare(tool: ArchiveTool, image: string, target: string): Promise<void> {
  const restored = tool.restored(firstSave(image), target);
  await runCommand({ program: 'cmp', args: [image, restored] });
}

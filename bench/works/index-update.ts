import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeExt4 } from '../data/file-systems.ts';
import { makeManyFiles } from '../data/many-files.ts';
import { commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** The index of names, made from a volume and brought up to date. */
export const indexUpdate: Work = {
  name: 'index-update',
  title: 'Bring the index of names up to date',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const changedCount = 100;
const bytesPerFile = 20 * 1024;
const sizeBytesMin = 64 * 2 ** 20;
const limitSeconds = 5;
const filesPerSecondWanted = 50_000;

interface Update {
  readonly isPartial: boolean;
  readonly fileCount: number;
  readonly seconds: number;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { files } = bench.options;
  const before = await makeImage(bench, scratch);
  const after = join(scratch, 'after.img');
  await copyFile(before, after);
  await changeSome(scratch, after);
  const command = ourCommand(bench, 'update-index', join(scratch, 'names.sqlite'), before, after);
  bench.say('reading names…');
  const run = await runCommand(command);
  const { whole, partial } = JSON.parse(run.output) as Record<'whole' | 'partial', Update>;
  if (!partial.isPartial) throw new Error('the update walked everything');
  const row = (name: string, { fileCount, seconds }: Update): Row => {
    return { name, fileCount, seconds, filesPerSecond: fileCount / seconds };
  };
  return {
    columns: [
      { key: 'name', title: '' },
      { key: 'fileCount', title: 'files looked at' },
      { key: 'seconds', title: 's', digits: 2 },
      { key: 'filesPerSecond', title: 'files/s' },
    ],
    rows: [row('all names, the first time', whole), row('what changed', partial)],
    aims: [
      {
        text: `${changedCount} files changed among ${files}`,
        value: partial.seconds,
        ...{ kind: 'at most', limit: limitSeconds, unit: ' s' },
      },
      {
        text: 'the first time: files/s',
        value: whole.fileCount / whole.seconds,
        ...{ kind: 'at least', limit: filesPerSecondWanted, unit: '' },
      },
    ],
    commands: [shortened(commandText(command), bench)],
    notes: [
      `ext4, ${files} empty files, a thousand in a folder; ${changedCount} of them written, renamed or made anew, in ${changedCount} folders where there are as many. What changed is told by comparing the images beforehand, as the timeline tells it in the server.`,
      `The whole run took ${run.processorSeconds.toFixed(1)} s of processor time and ${(run.peakMemoryBytes / 2 ** 20).toFixed(0)} MiB.`,
    ],
  };
}

async function makeImage(bench: Bench, scratch: string): Promise<string> {
  const { files } = bench.options;
  const tree = join(scratch, 'tree');
  await mkdir(tree);
  bench.say(`${files} files…`);
  await makeManyFiles(tree, files);
  const image = join(scratch, 'before.img');
  await makeExt4({ image, sizeBytes: Math.max(sizeBytesMin, files * bytesPerFile), tree });
  await rm(tree, { recursive: true });
  return image;
}

/** By the kernel, as a server would: needs root, as making NTFS does. */
async function changeSome(scratch: string, image: string): Promise<void> {
  const place = join(scratch, 'mounted');
  await mkdir(place);
  await runCommand({ program: 'mount', args: ['-o', 'loop', image, place] });
  try {
    const { output } = await runCommand({ program: 'find', args: [place, '-type', 'f'] });
    const paths = output.trim().split('\n').sort();
    for (let change = 0; change < changedCount; change++) {
      const path = paths[Math.floor((change * paths.length) / changedCount)]!;
      if (change % 3 === 0) await writeFile(path, 'changed');
      else if (change % 3 === 1) await rename(path, `${path}.renamed`);
      else await writeFile(`${path}.new`, 'new');
    }
  } finally {
    await runCommand({ program: 'umount', args: [place] });
  }
}

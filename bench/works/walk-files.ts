import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeExt4, makeNtfs } from '../data/file-systems.ts';
import { makeManyFiles } from '../data/many-files.ts';
import { warmFiles } from '../measure/page-cache.ts';
import { commandText, runCommand } from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** All files of a file system, met once. */
export const walkFiles: Work = {
  name: 'walk-files',
  title: 'Walk all files of a file system',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

/** Space that an image has for each file, bytes: an inode, a name, and a share of the tables. */
const bytesPerFile = 20 * 1024;
const sizeBytesMin = 64 * 2 ** 20;
const filesPerSecondWanted = 50_000;

interface Walk {
  readonly seconds: number;
  readonly filesPerSecond: number;
  readonly processorSeconds: number;
  readonly peakMebibytes: number;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const images = await makeImages(bench, scratch);
  const rows: Row[] = [];
  const aims: WorkResult['aims'][number][] = [];
  for (const { kind, image } of images) {
    const [ours, fls] = await measureImage(bench, image);
    rows.push({ kind, name: 'secondwind', ...ours }, { kind, name: 'fls -r', ...fls });
    const atLeast = { kind: 'at least' } as const;
    aims.push(
      {
        ...{ ...atLeast, text: `${kind}: files/s`, unit: '' },
        ...{ value: ours.filesPerSecond, limit: filesPerSecondWanted },
      },
      {
        ...{ ...atLeast, text: `${kind}: files/s, against fls -r`, unit: ' ×' },
        ...{ value: ours.filesPerSecond / fls.filesPerSecond, limit: 1 },
      },
    );
  }
  return {
    columns: [
      { key: 'kind', title: 'file system' },
      { key: 'name', title: 'program' },
      { key: 'seconds', title: 's', digits: 2 },
      { key: 'filesPerSecond', title: 'files/s' },
      { key: 'processorSeconds', title: 'processor s', digits: 2 },
      { key: 'peakMebibytes', title: 'peak memory MiB' },
    ],
    rows,
    aims,
    commands: ['bench/ours.ts walk-image IMAGE', 'fls -r IMAGE'],
    notes: [
      `${bench.options.files} empty files, a thousand in a folder; the image is in the page cache.`,
      'Of ours the walk alone is timed, of fls its whole run; processor time is that of the whole run for both.',
    ],
  };
}

async function makeImages(
  bench: Bench,
  scratch: string,
): Promise<readonly { readonly kind: string; readonly image: string }[]> {
  const { files } = bench.options;
  const tree = join(scratch, 'tree');
  await mkdir(tree);
  bench.say(`${files} files…`);
  await makeManyFiles(tree, files);
  const sizeBytes = Math.max(sizeBytesMin, files * bytesPerFile);
  const [ext4, ntfs] = [join(scratch, 'ext4.img'), join(scratch, 'ntfs.img')];
  await makeExt4({ image: ext4, sizeBytes, tree });
  await makeNtfs({ image: ntfs, sizeBytes, tree });
  await rm(tree, { recursive: true });
  return [
    { kind: 'ext4', image: ext4 },
    { kind: 'NTFS', image: ntfs },
  ];
}

async function measureImage(bench: Bench, image: string): Promise<readonly [Walk, Walk]> {
  await warmFiles(image);
  const walk = ourCommand(bench, 'walk-image', image);
  const list = { program: 'fls', args: ['-r', image] };
  const [ours, theirs]: [Walk[], Walk[]] = [[], []];
  for (let round = 0; round < bench.options.rounds; round++) {
    bench.say(shortened(commandText(walk), bench));
    const run = await runCommand(walk);
    const { fileCount, seconds } = JSON.parse(run.output) as Pick<Walk, 'seconds'> & {
      readonly fileCount: number;
    };
    ours.push(walkOf({ ...run, seconds }, fileCount));
    theirs.push(walkOf(await runCommand(list), fileCount));
  }
  return [medianBy(ours, bySeconds), medianBy(theirs, bySeconds)];
}

function bySeconds({ seconds }: Walk): number {
  return seconds;
}

function walkOf(
  run: Pick<Walk, 'seconds' | 'processorSeconds'> & { readonly peakMemoryBytes: number },
  fileCount: number,
): Walk {
  const { seconds, processorSeconds, peakMemoryBytes } = run;
  const peakMebibytes = peakMemoryBytes / 2 ** 20;
  return { seconds, processorSeconds, peakMebibytes, filesPerSecond: fileCount / seconds };
}

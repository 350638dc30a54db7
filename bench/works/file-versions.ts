import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeExt4 } from '../data/file-systems.ts';
import { commandText, runCommand } from '../measure/run-command.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** Every version of a file, among very many commits. */
export const fileVersions: Work = {
  name: 'file-versions',
  title: 'Find every version of a file',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const versionCount = 10;
const imageBytes = 128 * 2 ** 20;
/** A tenth of the commits of the long history of views: 100,000 at full size. */
const commitShare = 0.1;
const limitMs = 1000;

interface Found extends Row {
  readonly versionCount: number;
  readonly firstMs: number;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const commits = Math.round(bench.options.commits * commitShare);
  const folder = join(scratch, 'store');
  const images = (await makeVersions(scratch)).join(',');
  const fill = ourCommand(bench, 'fill-file-history', folder, images, String(commits));
  const find = ourCommand(bench, 'find-versions', folder, '/folder/file');
  bench.say(`${commits} commits…`);
  await runCommand(fill);
  const found = JSON.parse((await runCommand(find)).output) as Found;
  if (found.versionCount !== versionCount) {
    throw new Error(`${found.versionCount} versions were found of ${versionCount}`);
  }
  return {
    columns: [
      { key: 'commits', title: 'commits' },
      { key: 'versionCount', title: 'versions found' },
      { key: 'lookCount', title: 'moments opened' },
      { key: 'firstMs', title: 'first ms' },
      { key: 'againMs', title: 'again ms' },
    ],
    rows: [{ ...found, commits }],
    aims: [
      {
        text: `all versions among ${commits} commits, the first time`,
        value: found.firstMs,
        ...{ kind: 'at most', limit: limitMs, unit: ' ms' },
      },
    ],
    commands: [
      `bench/ours.ts fill-file-history $WORK/scratch/store IMAGE,… ${commits}`,
      shortened(commandText(find), bench),
    ],
    notes: [
      `A file on ext4 with ${versionCount} versions; between them commits of one block each, where the file system has nothing. The search is all that is timed, in a fresh process.`,
    ],
  };
}

/** Images of the same file system, each after the kernel wrote the file once more; needs root, as making NTFS does. */
async function makeVersions(scratch: string): Promise<readonly string[]> {
  const tree = join(scratch, 'tree');
  await mkdir(join(tree, 'folder'), { recursive: true });
  await writeFile(join(tree, 'folder', 'file'), 'version 1\n');
  const paths = [join(scratch, 'version-1.img')];
  await makeExt4({ image: paths[0]!, sizeBytes: imageBytes, tree });
  const place = join(scratch, 'mounted');
  await mkdir(place);
  while (paths.length < versionCount) {
    const image = join(scratch, `version-${paths.length + 1}.img`);
    await copyFile(paths.at(-1)!, image);
    await runCommand({ program: 'mount', args: ['-o', 'loop', image, place] });
    try {
      await appendFile(join(place, 'folder', 'file'), `version ${paths.length + 1}\n`);
    } finally {
      await runCommand({ program: 'umount', args: [place] });
    }
    paths.push(image);
  }
  return paths;
}

import { join } from 'node:path';
import { silentLogger } from '../../src/base/log.ts';
import { secureRandom } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { scanImage } from '../../src/capture/scan/scan-image.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { Repository } from '../../src/repository/index.ts';
import { Bookmarks } from '../../src/service/bookmarks.ts';
import { FileVersions } from '../../src/service/file-versions.ts';
import { MachineCaptures } from '../../src/service/machine-captures.ts';
import { MomentFinder } from '../../src/service/moment-finder.ts';
import { OpenedTrees } from '../../src/service/opened-trees.ts';
import { SeededRandom } from '../data/seeded-random.ts';
import { changeOf, createHistory, withHistory } from './history.ts';
import { measuredDisk } from './open-store.ts';

const commitsInFlight = 64;

/**
 * Makes a history in which a file is changed a few times among very many commits that touch other blocks.
 * @param folder - of the repository, made anew
 * @param versions - paths of the image at each version of the file, with commas between; all of one size
 * @param commits - how many others, spread evenly
 */
export async function fillFileHistory(
  folder: string,
  versions: string,
  commits: string,
): Promise<unknown> {
  await createHistory(folder);
  return withHistory(folder, async (repository) => {
    const images = versions.split(',');
    const random = new SeededRandom(19);
    for (const image of images) {
      const sizeBytes = await scan(repository, image);
      await commitOthers(repository, Number(commits) / images.length, { sizeBytes, random });
    }
    return { commits: Number(commits) + images.length };
  });
}

async function scan(repository: Repository, image: string): Promise<number> {
  const disk = await openFileDisk(image, { clock: systemClock, isReadOnly: true });
  try {
    const store = { name: measuredDisk, sink: repository, views: repository };
    await scanImage({ disk, ...store, clock: systemClock });
    return disk.sizeBytes;
  } finally {
    await disk.close();
  }
}

/** Only in the second half of the disk, where the file system has nothing. */
async function commitOthers(
  repository: Repository,
  count: number,
  { sizeBytes, random }: { readonly sizeBytes: number; readonly random: SeededRandom },
): Promise<void> {
  const { machine, disk } = measuredDisk;
  const inFlight: Promise<unknown>[] = [];
  for (let commit = 0; commit < count; commit++) {
    const { runs, ...change } = changeOf(disk, sizeBytes / 2, random);
    const behind = runs.map((run) => ({ ...run, firstBlock: run.firstBlock + sizeBytes / 8192 }));
    const disks = [{ ...change, sizeBytes, runs: behind }];
    const timeMicros = systemClock.nowMicros();
    inFlight.push(repository.append({ machine, timeMicros, consistency: 'crash', disks }));
    if (inFlight.length >= commitsInFlight) await inFlight.shift();
  }
  await Promise.all(inFlight);
}

/**
 * Finds every version of a file twice, as the server does.
 * @param folder - of the repository
 * @param path - of the file
 */
export async function findVersions(folder: string, path: string): Promise<unknown> {
  return withHistory(folder, async (repository) => {
    const finder = versionFinder(repository, folder);
    const { machine, disk } = measuredDisk;
    const action = { progress: () => undefined, signal: new AbortController().signal };
    const timesMs: number[] = [];
    let found = { versionCount: 0, lookCount: 0 };
    for (let turn = 0; turn < 2; turn++) {
      const start = performance.now();
      const report = await finder.cases.versions({ where: `${machine}/${disk}`, path }, action);
      timesMs.push(performance.now() - start);
      found = { versionCount: report.versions.length, lookCount: report.lookCount };
    }
    await finder.trees.closeAll();
    return { ...found, firstMs: timesMs[0], againMs: timesMs[1] };
  });
}

interface VersionFinder {
  readonly cases: FileVersions;
  readonly trees: OpenedTrees;
}

function versionFinder(repository: Repository, folder: string): VersionFinder {
  const parts = { repository, clock: systemClock, random: secureRandom, log: silentLogger };
  const captures = new MachineCaptures({ ...parts, dataFolder: join(folder, 'data') });
  // Nothing is captured or quiesced here, so that nobody asks for it.
  const bookmarks = new Bookmarks(repository, undefined as never, captures, systemClock);
  const moments = new MomentFinder(repository, captures, bookmarks, systemClock);
  const trees = new OpenedTrees(repository, moments);
  return { cases: new FileVersions({ trees, repository, moments }), trees };
}

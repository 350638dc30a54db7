import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeExt4 } from '../data/file-systems.ts';
import { usualName } from '../data/many-files.ts';
import { SeededRandom } from '../data/seeded-random.ts';
import { storeImage, userCommand, withOwnServer } from '../measure/own-server.ts';
import { coolFiles } from '../measure/page-cache.ts';
import { type CommandRun, commandText, runCommand } from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { shortened } from './saving.ts';

/** A long directory as a user lists it. */
export const listDirectory: Work = {
  name: 'list-directory',
  title: 'List a directory of 10,000 entries',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const entryCount = 10_000;
const imageBytes = 256 * 2 ** 20;
const limitMs = 300;

interface Listing {
  readonly start: CommandRun;
  readonly cold: CommandRun;
  readonly warm: CommandRun;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const data = join(scratch, 'data');
  await storeImage(data, await makeImage(scratch));
  const list = userCommand(data, 'files', 'list', 'bench/disk', '/long', '--at', 'now');
  const nothing = userCommand(data, 'disk', 'list');
  const listings: Listing[] = [];
  for (let round = 0; round < bench.options.rounds; round++) {
    bench.say('a fresh server…');
    await coolFiles(data);
    const listing = await withOwnServer(data, async () => ({
      start: await runCommand(nothing),
      cold: await runCommand(list),
      warm: await runCommand(list),
    }));
    listings.push(listing);
  }
  const { start, cold, warm } = medianBy(listings, (each) => each.cold.seconds);
  const row = (name: string, run: CommandRun): Row => ({
    ...{ name, ms: run.seconds * 1000, besidesMs: (run.seconds - start.seconds) * 1000 },
    processorMs: run.processorSeconds * 1000,
  });
  return {
    columns: [
      { key: 'name', title: 'command' },
      { key: 'ms', title: 'ms' },
      { key: 'besidesMs', title: 'without the start of the program, ms' },
      { key: 'processorMs', title: 'processor ms of the command' },
    ],
    rows: [
      row('disk list (the start of the program)', start),
      row('files list, cold', cold),
      row('files list again', warm),
    ],
    aims: [
      {
        text: 'from a cold view, without the start of the program',
        value: (cold.seconds - start.seconds) * 1000,
        ...{ kind: 'at most', limit: limitMs, unit: ' ms' },
      },
    ],
    commands: [nothing, list].map((each) => shortened(commandText(each), bench)),
    notes: ['Cold: a fresh server, its files dropped from the page cache.'],
  };
}

async function makeImage(scratch: string): Promise<string> {
  const tree = join(scratch, 'tree');
  const random = new SeededRandom(13);
  await mkdir(join(tree, 'long'), { recursive: true });
  for (let number = 0; number < entryCount; number++) {
    await writeFile(join(tree, 'long', usualName(random, number)), '');
  }
  const image = join(scratch, 'disk.img');
  await makeExt4({ image, sizeBytes: imageBytes, tree });
  return image;
}

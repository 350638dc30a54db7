import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeExt4 } from '../data/file-systems.ts';
import { storeImage, userCommand, withOwnServer } from '../measure/own-server.ts';
import {
  type CommandLine,
  type CommandRun,
  commandText,
  runCommand,
} from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, type Work, withScratch } from '../setting/bench.ts';
import { inTurn } from './contestants.ts';
import { shortened } from './saving.ts';

/** One large file, copied out. */
export const copyFile: Work = {
  name: 'copy-file',
  title: 'Copy one large file out',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

/** The file's share of the size of the other works' disk: 1 GiB of 4 GiB. */
const fileShare = 0.25;
const shareWanted = 0.8;

interface Contestant {
  readonly name: string;
  readonly command: CommandLine;
}

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const fileBytes = bench.options.imageBytes * fileShare;
  const data = join(scratch, 'data');
  await storeImage(data, await makeImage(bench, scratch, fileBytes));
  const contestants = contestantsIn(scratch, data);
  const runs = new Map<Contestant, CommandRun[]>(contestants.map((each) => [each, []]));
  await withOwnServer(data, async () => {
    const listen = ['--listen', `unix:${join(scratch, 'view')}`];
    await runCommand(userCommand(data, 'open', 'bench/disk', '--at', 'now', ...listen));
    for (const contestant of inTurn(contestants, bench.options.rounds + 1)) {
      bench.say(`${contestant.name}…`);
      await rm(join(scratch, 'out'), { recursive: true, force: true });
      runs.get(contestant)!.push(await runCommand(contestant.command));
    }
  });
  // The first round only brings everything into memory.
  const medians = [...runs].map(([{ name }, [, ...measured]]) => ({
    name,
    run: medianBy(measured, ({ seconds }) => seconds),
  }));
  const [raw, copy, cat] = medians.map(({ run }) => fileBytes / 1e6 / run.seconds);
  const atLeast = { kind: 'at least', limit: shareWanted, unit: ' ×' } as const;
  return {
    columns: [
      { key: 'name', title: 'command' },
      { key: 'seconds', title: 's', digits: 2 },
      { key: 'megabytesPerSecond', title: 'MB/s' },
      { key: 'processorSeconds', title: 'processor s of the command', digits: 2 },
      { key: 'peakMebibytes', title: 'peak memory MiB' },
    ],
    rows: medians.map(({ name, run }) => rowOf(name, run, fileBytes)),
    aims: [
      { ...atLeast, text: 'files copy, against reading the view', value: copy! / raw! },
      { ...atLeast, text: 'files cat, against reading the view', value: cat! / raw! },
    ],
    commands: contestants.map(({ command }) => shortened(commandText(command), bench)),
    notes: [
      `A file of ${(fileBytes / 2 ** 20).toFixed(0)} MiB, the only one of its disk, so that reading the view reads the same data. Everything was read once before.`,
      'The start of the program is in the time of ours. The copy is left to the page cache.',
    ],
  };
}

function contestantsIn(scratch: string, data: string): readonly Contestant[] {
  const view = `nbd+unix:///?socket=${join(scratch, 'view')}`;
  const reading = ['--requests=4', '--request-size=1048576', view, 'null:'];
  const at = ['--at', 'now'];
  const place = ['bench/disk', '/large'];
  return [
    { name: 'nbdcopy of the view', command: { program: 'nbdcopy', args: reading } },
    {
      name: 'files copy',
      command: userCommand(data, 'files', 'copy', ...place, ...at, '--to', join(scratch, 'out')),
    },
    { name: 'files cat', command: unheard(userCommand(data, 'files', 'cat', ...place, ...at)) },
  ];
}

/** What it writes goes nowhere: taking it in would be measured too. */
function unheard({ program, args, ...rest }: CommandLine): CommandLine {
  return { ...rest, program: 'sh', args: ['-c', 'exec "$@" > /dev/null', 'sh', program, ...args] };
}

/** Its content is the beginning of an image of real files: neither random nor all alike. */
async function makeImage(bench: Bench, scratch: string, fileBytes: number): Promise<string> {
  const tree = join(scratch, 'tree');
  await mkdir(tree);
  const source = await bench.images.full(bench.options.imageBytes);
  const blocks = String(Math.floor(fileBytes / 2 ** 20));
  const words = [`if=${source}`, `of=${join(tree, 'large')}`, 'bs=1M', `count=${blocks}`];
  await runCommand({ program: 'dd', args: [...words, 'status=none'] });
  const image = join(scratch, 'disk.img');
  await makeExt4({ image, sizeBytes: fileBytes * 1.25, tree });
  await rm(tree, { recursive: true });
  return image;
}

function rowOf(name: string, run: CommandRun, fileBytes: number): Row {
  const { seconds, processorSeconds, peakMemoryBytes } = run;
  const megabytesPerSecond = fileBytes / 1e6 / seconds;
  const peakMebibytes = peakMemoryBytes / 2 ** 20;
  return { name, seconds, megabytesPerSecond, processorSeconds, peakMebibytes };
}

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FioFigures, type FioLoad, runFio } from '../measure/fio.ts';
import { settleDisk } from '../measure/page-cache.ts';
import { type CommandLine, commandText } from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import { withServer } from '../measure/with-server.ts';
import type { CaptureAccount } from '../ours/tapped-disk.ts';
import type { Aim, Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { accountText } from './account-text.ts';
import { inTurn } from './contestants.ts';
import { shortened } from './saving.ts';

/** Random writes to a disk that is captured. */
export const tapWrites: Work = {
  name: 'tap-writes',
  title: 'Random 4 KiB writes through a tap while capturing, depth 16',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

interface Contestant {
  readonly name: string;
  readonly command: (socket: string) => CommandLine;
}

interface Figures extends FioFigures {
  readonly name: string;
  readonly peakMebibytes: number;
  /** What became of the capture; undefined where there is none. */
  readonly state: string | undefined;
}

const names = {
  tap: 'secondwind, capturing',
  file: 'secondwind, not capturing',
  peer: 'nbdkit file',
};

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { options, images } = bench;
  const image = join(scratch, 'disk');
  const [original] = await images.twins(options.twinBytes);
  const store = join(scratch, 'store');
  const contestants: readonly Contestant[] = [
    { name: names.tap, command: (socket) => ourCommand(bench, 'serve-tap', store, image, socket) },
    { name: names.file, command: (socket) => ourCommand(bench, 'serve-file', image, socket) },
    {
      name: names.peer,
      command: (socket) => ({ program: 'nbdkit', args: ['-f', '-U', socket, 'file', image] }),
    },
  ];
  const all = new Map<Contestant, Figures[]>(contestants.map((each) => [each, []]));
  for (const contestant of inTurn(contestants, options.rounds)) {
    bench.say(`${contestant.name}…`);
    await copyFile(original!, image);
    await bench.archives.empty(bench.archives.ours, store);
    await settleDisk();
    all.get(contestant)!.push(await measureOne(bench, contestant, join(scratch, 'socket')));
  }
  const medians = [...all.values()].map((each) =>
    medianBy(each, ({ operationsPerSecond }) => operationsPerSecond),
  );
  return {
    columns: [
      { key: 'name', title: 'server' },
      { key: 'operationsPerSecond', title: 'writes/s' },
      { key: 'meanMicros', title: 'µs' },
      { key: 'highMicros', title: 'µs, p99' },
      { key: 'peakMebibytes', title: 'peak memory MiB' },
      { key: 'state', title: 'capture was' },
    ],
    rows: medians.map((each): Row => ({ ...each })),
    aims: aimsOf(medians),
    commands: contestants.map((each) => shortened(commandText(each.command('SOCKET')), bench)),
    notes: [
      `fio writes as fast as it can for ${options.seconds} s all over a disk of ${(options.twinBytes / 2 ** 20).toFixed(0)} MiB, whose first image is stored before.`,
    ],
  };
}

async function measureOne(bench: Bench, contestant: Contestant, socket: string): Promise<Figures> {
  const load: FioLoad = {
    ...{ pattern: 'randwrite', requestBytes: 4096, depth: 16 },
    ...{ spanBytes: bench.options.twinBytes, seconds: bench.options.seconds },
  };
  const run = await withServer(contestant.command(socket), socket, () => runFio(socket, load));
  const account = run.lastLine as Partial<CaptureAccount> | undefined;
  const peakMebibytes = run.use.peakMemoryBytes / 2 ** 20;
  const state = account?.states === undefined ? undefined : accountText(account as CaptureAccount);
  return { name: contestant.name, ...run.result, peakMebibytes, state };
}

function aimsOf(medians: readonly Figures[]): readonly Aim[] {
  const rate = (name: string): number =>
    medians.find((each) => each.name === name)?.operationsPerSecond ?? NaN;
  const speed = { kind: 'at least', unit: ' ×' } as const;
  return [
    {
      ...{ ...speed, text: 'writes/s, against the same server not capturing', limit: 0.8 },
      value: rate(names.tap) / rate(names.file),
    },
    {
      ...{ ...speed, text: 'writes/s, against nbdkit file', limit: 1 },
      value: rate(names.tap) / rate(names.peer),
    },
  ];
}

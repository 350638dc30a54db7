import { join } from 'node:path';
import { type FioFigures, type FioLoad, runFio } from '../measure/fio.ts';
import { coolFiles, settleDisk } from '../measure/page-cache.ts';
import { type CommandLine, commandText, runCommand } from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import { withServer } from '../measure/with-server.ts';
import type { Column, Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { inTurn } from './contestants.ts';
import { shortened } from './saving.ts';

/** Random reads of a view over NBD. */
export const viewReads: Work = {
  name: 'view-reads',
  title: 'Random 4 KiB reads of a view, warm and cold',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

interface Contestant {
  readonly name: string;
  readonly command: (socket: string) => CommandLine;
  /** What it reads, dropped from memory for the cold part; left out when there is nothing cold about it. */
  readonly path?: string;
}

interface Figures {
  readonly coldOne?: FioFigures;
  readonly coldMany?: FioFigures;
  readonly warmOne: FioFigures;
  readonly warmMany: FioFigures;
  readonly peakMebibytes: number;
}

const hotBytesMax = 128 * 2 ** 20;

const columns: readonly Column[] = [
  { key: 'name', title: 'server' },
  { key: 'warmOneMicros', title: 'warm, depth 1: µs', digits: 1 },
  { key: 'warmManyOperations', title: 'warm, depth 16: reads/s' },
  { key: 'warmManyHighMicros', title: 'warm, depth 16: µs, p99' },
  { key: 'coldOneMicros', title: 'cold, depth 1: µs' },
  { key: 'coldManyOperations', title: 'cold, depth 16: reads/s' },
  { key: 'coldManyHighMicros', title: 'cold, depth 16: µs, p99' },
  { key: 'peakMebibytes', title: 'peak memory MiB' },
];

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const contestants = await prepare(bench, scratch);
  const socket = join(scratch, 'socket');
  const all = new Map<Contestant, Figures[]>(contestants.map((each) => [each, []]));
  for (const contestant of inTurn(contestants, bench.options.rounds)) {
    bench.say(`${contestant.name}…`);
    all.get(contestant)!.push(await measureOne(bench, contestant, socket));
  }
  const medians = [...all].map(([{ name }, figures]) => {
    return { name, ...medianBy(figures, ({ warmMany }) => warmMany.operationsPerSecond) };
  });
  return {
    columns,
    rows: medians.map(rowOf),
    aims: aimsOf(new Map(medians.map((each) => [each.name, each]))),
    commands: contestants.map((each) => shortened(commandText(each.command('SOCKET')), bench)),
    notes: [
      `Warm: within ${(hotBytes(bench) / 2 ** 20).toFixed(0)} MiB in the middle of the disk, read once before. Cold: the whole disk, by a fresh server, its files dropped from the page cache (before depth 1, and again before depth 16 with another fresh server).`,
      'fio with its NBD engine over a Unix socket, the same offsets for all.',
    ],
  };
}

async function prepare(bench: Bench, scratch: string): Promise<readonly Contestant[]> {
  const { images, archives, options } = bench;
  const image = await images.full(options.imageBytes);
  const store = join(scratch, 'store');
  await archives.withImage(archives.ours, image, store);
  const plain = join(scratch, 'plain.qcow2');
  const packed = join(scratch, 'packed.qcow2');
  const convert = ['convert', '-O', 'qcow2'];
  await runCommand({ program: 'qemu-img', args: [...convert, image, plain] });
  const zstd = ['-c', '-o', 'compression_type=zstd'];
  await runCommand({ program: 'qemu-img', args: [...convert, ...zstd, image, packed] });
  const qemuNbd = (file: string) => (socket: string) => ({
    program: 'qemu-nbd',
    args: ['-r', '-t', '-k', socket, '-f', 'qcow2', '--cache=writeback', file],
  });
  const nbdkit = (socket: string, ...plugin: readonly string[]): CommandLine => ({
    program: 'nbdkit',
    args: ['-f', '-U', socket, ...plugin],
  });
  return [
    {
      name: 'secondwind view',
      command: (socket) => ourCommand(bench, 'serve-view', store, socket),
      path: store,
    },
    { name: 'qemu-nbd qcow2', command: qemuNbd(plain), path: plain },
    { name: 'qemu-nbd qcow2 zstd', command: qemuNbd(packed), path: packed },
    {
      name: 'nbdkit file',
      command: (socket) => nbdkit(socket, '-r', 'file', image),
      path: image,
    },
    {
      name: 'nbdkit memory',
      command: (socket) => nbdkit(socket, 'memory', String(options.imageBytes)),
    },
  ];
}

async function measureOne(bench: Bench, contestant: Contestant, socket: string): Promise<Figures> {
  const command = contestant.command(socket);
  const { path } = contestant;
  const cold = async (depth: number): Promise<FioFigures> => {
    await settleDisk();
    await coolFiles(path!);
    const load = { ...random(bench, depth), spanBytes: bench.options.imageBytes };
    return (await withServer(command, socket, () => runFio(socket, load))).result;
  };
  const frosty = path === undefined ? {} : { coldOne: await cold(1), coldMany: await cold(16) };
  const { result, use } = await withServer(command, socket, async () => {
    const hot = { offsetBytes: hotOffset(bench), spanBytes: hotBytes(bench) };
    const pattern = path === undefined ? 'write' : 'read';
    await runFio(socket, { pattern, requestBytes: 2 ** 20, depth: 4, ...hot });
    const warmOne = await runFio(socket, { ...random(bench, 1), ...hot });
    return { warmOne, warmMany: await runFio(socket, { ...random(bench, 16), ...hot }) };
  });
  return { ...frosty, ...result, peakMebibytes: use.peakMemoryBytes / 2 ** 20 };
}

function random(bench: Bench, depth: number): Omit<FioLoad, 'spanBytes'> {
  const seconds = Math.max(1, Math.round(bench.options.seconds / 4));
  return { pattern: 'randread', requestBytes: 4096, depth, seconds };
}

function hotBytes({ options }: Bench): number {
  return Math.min(hotBytesMax, options.imageBytes / 4);
}

function hotOffset({ options }: Bench): number {
  return options.imageBytes / 2;
}

function rowOf(figures: Figures & { readonly name: string }): Row {
  const { name, warmOne, warmMany, coldOne, coldMany, peakMebibytes } = figures;
  return {
    ...{ name, peakMebibytes, warmOneMicros: warmOne.meanMicros },
    warmManyOperations: warmMany.operationsPerSecond,
    warmManyHighMicros: warmMany.highMicros,
    coldOneMicros: coldOne?.meanMicros,
    coldManyOperations: coldMany?.operationsPerSecond,
    coldManyHighMicros: coldMany?.highMicros,
  };
}

function aimsOf(figures: ReadonlyMap<string, Figures>): WorkResult['aims'] {
  const [ours, qcow2] = [figures.get('secondwind view')!, figures.get('qemu-nbd qcow2')!];
  const [file, memory] = [figures.get('nbdkit file')!, figures.get('nbdkit memory')!];
  const rate = (each: FioFigures | undefined): number => each?.operationsPerSecond ?? NaN;
  const speed = { kind: 'at least', unit: ' ×', limit: 1 } as const;
  return [
    {
      text: 'warm, depth 1: latency, against nbdkit memory',
      value: ours.warmOne.meanMicros / memory.warmOne.meanMicros,
      ...{ kind: 'at most', limit: 2, unit: ' ×' },
    },
    {
      ...{ ...speed, text: 'warm, depth 16: reads/s, against qemu-nbd qcow2' },
      value: rate(ours.warmMany) / rate(qcow2.warmMany),
    },
    {
      ...{ ...speed, text: 'warm, depth 16: reads/s, against nbdkit file' },
      value: rate(ours.warmMany) / rate(file.warmMany),
    },
    {
      ...{ ...speed, text: 'cold, depth 16: reads/s, against qemu-nbd qcow2', limit: 0.5 },
      value: rate(ours.coldMany) / rate(qcow2.coldMany),
    },
  ];
}

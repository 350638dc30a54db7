/**
 * Our NBD server beside nbdkit and qemu-nbd, all driven by the same fio over a Unix socket, in turn, several rounds; prints the
 * median of each and its ratio to nbdkit on the same kind of disk.
 *
 *   scripts/node bench/nbd.ts [--rounds 3] [--seconds 2] [--json]
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { silentLogger } from '../src/base/log.ts';
import { systemClock } from '../src/base/system-clock.ts';
import { createFileDisk, openFileDisk } from '../src/disk/file-disk.ts';
import { MemoryDisk } from '../src/disk/memory-disk.ts';
import { startNbdServer } from '../src/nbd/server/nbd-server.ts';

const diskBytes = 256 * 2 ** 20;

interface Work {
  readonly name: string;
  readonly pattern: 'randread' | 'randwrite' | 'read' | 'write';
  readonly blockSize: string;
  readonly depth: number;
  readonly jobs: number;
}

interface Figure {
  readonly operationsPerSecond: number;
  readonly latencyMicros: number;
  readonly megabytesPerSecond: number;
}

interface Contestant {
  readonly name: string;
  readonly disk: 'memory' | 'file';
  readonly start: (socket: string, file: string) => ChildProcess;
}

const works: readonly Work[] = [
  work('randread', '4k', 1, 1),
  work('randread', '4k', 16, 1),
  work('randread', '4k', 1, 2),
  work('randwrite', '4k', 1, 1),
  work('randwrite', '4k', 16, 1),
  work('read', '256k', 8, 1),
  work('write', '256k', 8, 1),
  work('read', '1m', 8, 1),
  work('write', '1m', 8, 1),
];

const contestants: readonly Contestant[] = [
  ours('memory'),
  nbdkit('memory', () => ['memory', String(diskBytes)]),
  ours('file'),
  nbdkit('file', (file) => ['file', file]),
  {
    name: 'qemu-nbd',
    disk: 'file',
    start: (socket, file) =>
      spawn('qemu-nbd', ['-k', socket, '-f', 'raw', '-t', '-e', '8', '--cache=writeback', file]),
  },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    serve: { type: 'string' },
    file: { type: 'string' },
  },
});

if (values.serve === undefined) await compare();
else await serve(values.serve, values.file);

/** The other side of this script: our server in a process of its own, like its rivals. */
async function serve(socket: string, file: string | undefined): Promise<void> {
  const clock = systemClock;
  const disk = file === undefined ? new MemoryDisk(diskBytes) : await openFileDisk(file, { clock });
  const server = await startNbdServer({
    endpoint: { kind: 'unix', path: socket },
    log: silentLogger,
    clock,
  });
  server.addExport({ name: 'disk', disk });
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  await server.close();
  await disk.close();
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-bench-nbd-'));
  try {
    const figures = new Map<string, Figure[]>();
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const [index, contestant] of contestants.entries()) {
        await runOne(contestant, join(folder, `${round}-${index}`), figures);
      }
    }
    if (values.json) console.log(JSON.stringify(rows(figures), undefined, 2));
    else console.table(rows(figures));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runOne(
  contestant: Contestant,
  prefix: string,
  figures: Map<string, Figure[]>,
): Promise<void> {
  const socket = `${prefix}.sock`;
  const file = `${prefix}.img`;
  await (await createFileDisk(file, diskBytes, { clock: systemClock })).close();
  const server = contestant.start(socket, file);
  try {
    await answers(socket);
    // Every disk begins full and in memory, so that no one is measured allocating.
    measure(socket, { ...work('write', '1m', 8, 1), name: 'fill' }, '--loops=1');
    for (const each of works) {
      const seconds = `--runtime=${values.seconds}`;
      const figure = measure(socket, each, '--time_based', seconds, '--ramp_time=0.3');
      const key = `${contestant.name} ${contestant.disk}|${each.name}`;
      figures.set(key, [...(figures.get(key) ?? []), figure]);
    }
  } finally {
    server.kill('SIGTERM');
    await ended(server);
    rmSync(file);
  }
}

function measure(socket: string, each: Work, ...more: readonly string[]): Figure {
  const output = execFileSync(
    'fio',
    [
      '--name=bench',
      '--ioengine=nbd',
      `--uri=nbd+unix:///?socket=${socket}`,
      `--rw=${each.pattern}`,
      `--bs=${each.blockSize}`,
      `--iodepth=${each.depth}`,
      `--numjobs=${each.jobs}`,
      `--size=${diskBytes}`,
      '--thread',
      '--group_reporting',
      '--output-format=json',
      ...more,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const report = JSON.parse(output.slice(output.indexOf('{\n'))) as {
    jobs: { read: FioSide; write: FioSide }[];
  };
  const job = report.jobs[0]!;
  const side = each.pattern.endsWith('read') ? job.read : job.write;
  return {
    operationsPerSecond: side.iops,
    latencyMicros: side.lat_ns.mean / 1000,
    megabytesPerSecond: side.bw_bytes / 1e6,
  };
}

interface FioSide {
  readonly iops: number;
  readonly bw_bytes: number;
  readonly lat_ns: { readonly mean: number };
}

function rows(figures: ReadonlyMap<string, readonly Figure[]>): readonly Record<string, string>[] {
  return works.flatMap((each) =>
    contestants.map((contestant) => {
      const mine = median(figures.get(`${contestant.name} ${contestant.disk}|${each.name}`)!);
      const rival = median(figures.get(`nbdkit ${contestant.disk}|${each.name}`)!);
      return {
        work: each.name,
        server: `${contestant.name} ${contestant.disk}`,
        'op/s': mine.operationsPerSecond.toFixed(0),
        'MB/s': mine.megabytesPerSecond.toFixed(0),
        'µs mean': mine.latencyMicros.toFixed(1),
        '× nbdkit op/s': (mine.operationsPerSecond / rival.operationsPerSecond).toFixed(2),
        '× nbdkit µs': (mine.latencyMicros / rival.latencyMicros).toFixed(2),
      };
    }),
  );
}

function median(list: readonly Figure[]): Figure {
  const sorted = [...list].sort((a, b) => a.operationsPerSecond - b.operationsPerSecond);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function answers(socket: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (existsSync(socket)) return;
    await wait(50);
  }
  throw new Error(`no server came up at ${socket}`);
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    await new Promise((resolve) => server.once('exit', resolve));
  }
}

function work(pattern: Work['pattern'], blockSize: string, depth: number, jobs: number): Work {
  const clients = jobs === 1 ? '' : `, ${jobs} clients`;
  return {
    name: `${pattern} ${blockSize} depth ${depth}${clients}`,
    pattern,
    blockSize,
    depth,
    jobs,
  };
}

function ours(disk: 'memory' | 'file'): Contestant {
  const script = new URL(import.meta.url).pathname;
  const start = (socket: string, file: string): ChildProcess =>
    spawn(process.execPath, [
      script,
      '--serve',
      socket,
      ...(disk === 'file' ? ['--file', file] : []),
    ]);
  return { name: 'secondwind', disk, start };
}

function nbdkit(disk: 'memory' | 'file', plugin: (file: string) => readonly string[]): Contestant {
  const start = (socket: string, file: string): ChildProcess =>
    spawn('nbdkit', ['-f', '-U', socket, ...plugin(file)]);
  return { name: 'nbdkit', disk, start };
}

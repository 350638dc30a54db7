import { type CommandLine, runCommand } from './run-command.ts';

/** Load that fio puts on an NBD server. */
export interface FioLoad {
  readonly pattern: 'randread' | 'randwrite' | 'read' | 'write';
  /** Size of each request, bytes. */
  readonly requestBytes: number;
  /** Requests under way at once. */
  readonly depth: number;
  /** Where on the disk it begins, bytes; 0 when left out. */
  readonly offsetBytes?: number;
  /** Span of the disk that is used, bytes. */
  readonly spanBytes: number;
  /** How long, seconds; when left out, the span is gone through once. */
  readonly seconds?: number;
  /** Most bytes a second; as many as can be when left out. */
  readonly bytesPerSecondMax?: number;
}

/** What fio measured. */
export interface FioFigures {
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
  /** From a request to its reply, microseconds. */
  readonly meanMicros: number;
  /** The same, of the slowest hundredth. */
  readonly highMicros: number;
}

interface FioSide {
  readonly iops: number;
  readonly bw_bytes: number;
  readonly lat_ns: { readonly mean: number };
  readonly clat_ns: { readonly percentile?: Readonly<Record<string, number>> };
}

/**
 * The command line of a load.
 * @param socket - path of the server's Unix socket
 * @param load - see FioLoad
 */
export function fioCommand(socket: string, load: FioLoad): CommandLine {
  const { seconds, bytesPerSecondMax } = load;
  const timed = seconds === undefined ? [] : ['--time_based', `--runtime=${seconds}`];
  const limited = bytesPerSecondMax === undefined ? [] : [`--rate=${bytesPerSecondMax}`];
  return {
    program: 'fio',
    args: [
      ...['--name=bench', '--ioengine=nbd', `--uri=nbd+unix:///?socket=${socket}`, '--thread'],
      ...[`--rw=${load.pattern}`, `--bs=${load.requestBytes}`, `--iodepth=${load.depth}`],
      ...[`--offset=${load.offsetBytes ?? 0}`, `--size=${load.spanBytes}`, ...timed, ...limited],
      '--output-format=json',
    ],
  };
}

/**
 * Puts a load on a server.
 * @param socket - path of its Unix socket
 * @param load - see FioLoad
 */
export async function runFio(socket: string, load: FioLoad): Promise<FioFigures> {
  const { output } = await runCommand(fioCommand(socket, load));
  const report = JSON.parse(output.slice(output.indexOf('{\n'))) as {
    readonly jobs: readonly { readonly read: FioSide; readonly write: FioSide }[];
  };
  const job = report.jobs[0]!;
  const side = load.pattern.endsWith('read') ? job.read : job.write;
  return {
    operationsPerSecond: side.iops,
    bytesPerSecond: side.bw_bytes,
    meanMicros: side.lat_ns.mean / 1000,
    highMicros: (side.clat_ns.percentile?.['99.000000'] ?? 0) / 1000,
  };
}

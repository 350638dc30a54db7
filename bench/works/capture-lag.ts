import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FioLoad, runFio } from '../measure/fio.ts';
import { settleDisk } from '../measure/page-cache.ts';
import { commandText } from '../measure/run-command.ts';
import { withServer } from '../measure/with-server.ts';
import type { CaptureAccount } from '../ours/tapped-disk.ts';
import type { Row, WorkResult } from '../report/result.ts';
import { type Bench, ourCommand, type Work, withScratch } from '../setting/bench.ts';
import { accountText } from './account-text.ts';
import { shortened } from './saving.ts';

/** How long it takes from a write until it can be restored. */
export const captureLag: Work = {
  name: 'capture-lag',
  title: 'Lag from write to restorable, at 100 MB/s of writes',
  run: (bench) => withScratch(bench, (folder) => measure(bench, folder)),
};

const bytesPerSecondMax = 100e6;
const requestSizes = [4096, 16_384, 131_072];
const windowMs = 1000;

interface Lag extends CaptureAccount {
  readonly medianMs: number;
  readonly highMs: number;
  readonly longestMs: number;
}

type LagRow = Row & Pick<Lag, 'medianMs' | 'highMs' | 'longestMs'>;

async function measure(bench: Bench, scratch: string): Promise<WorkResult> {
  const { options, images, archives } = bench;
  const [original] = await images.twins(options.twinBytes);
  const [image, store] = [join(scratch, 'disk'), join(scratch, 'store')];
  const command = (socket: string) => ourCommand(bench, 'measure-lag', store, image, socket);
  const rows: LagRow[] = [];
  for (const requestBytes of requestSizes) {
    bench.say(`writes of ${requestBytes / 1024} KiB…`);
    await copyFile(original!, image);
    await archives.empty(archives.ours, store);
    await settleDisk();
    rows.push(await measureOne(bench, requestBytes, { scratch, command }));
  }
  const worst = Math.max(...rows.map(({ longestMs }) => longestMs));
  return {
    columns: [
      { key: 'name', title: 'random writes of' },
      { key: 'megabytesPerSecond', title: 'MB/s' },
      { key: 'medianMs', title: 'lag ms' },
      { key: 'highMs', title: 'lag ms, p99' },
      { key: 'longestMs', title: 'lag ms, longest' },
      { key: 'peakMebibytes', title: 'peak memory MiB' },
      { key: 'state', title: 'capture was' },
    ],
    rows,
    aims: [
      {
        text: `longest lag, with a window of ${windowMs} ms`,
        value: worst,
        ...{ kind: 'at most', limit: 1000 + windowMs, unit: ' ms' },
      },
    ],
    commands: [shortened(commandText(command('SOCKET')), bench)],
    notes: [
      `fio writes 100 MB/s for ${options.seconds} s; beside it the server's program writes the time into one block every 10 ms, and after every commit reads that block from the newest view.`,
    ],
  };
}

async function measureOne(
  bench: Bench,
  requestBytes: number,
  parts: {
    readonly scratch: string;
    readonly command: (socket: string) => ReturnType<typeof ourCommand>;
  },
): Promise<LagRow> {
  const socket = join(parts.scratch, 'socket');
  const load: FioLoad = {
    ...{ pattern: 'randwrite', requestBytes, depth: 16, bytesPerSecondMax },
    // The last MiB is left to the stamps.
    ...{ spanBytes: bench.options.twinBytes - 2 ** 20, seconds: bench.options.seconds },
  };
  const run = await withServer(parts.command(socket), socket, () => runFio(socket, load));
  const lag = run.lastLine as Lag;
  const { medianMs, highMs, longestMs } = lag;
  return {
    ...{ medianMs, highMs, longestMs },
    name: `${requestBytes / 1024} KiB`,
    megabytesPerSecond: run.result.bytesPerSecond / 1e6,
    peakMebibytes: run.use.peakMemoryBytes / 2 ** 20,
    state: accountText(lag),
  };
}

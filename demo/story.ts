import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../src/base/clock.ts';
import { formatMoment } from '../src/base/time-text.ts';
import { formatBytes, formatDuration, formatRate } from '../src/base/units.ts';
import type { DiskReport } from '../src/service/disk-report.ts';
import type { StatsReport } from '../src/service/repository-report.ts';
import type { RestoreReport } from '../src/service/restore-report.ts';
import type { StatusReport } from '../src/service/status-report.ts';
import type { ViewReport } from '../src/service/view-report.ts';
import { DemoServer } from './demo-server.ts';
import { compareWithRecord, type GoldenRecord } from './golden-record.ts';
import { MountedDisk } from './mounted-disk.ts';
import { run } from './programs.ts';
import type { Screen } from './screen.ts';
import { Workload } from './workload.ts';

/** What the story is told with. */
export interface StoryParts {
  /** Everything it makes lies in here. */
  readonly folder: string;
  /** Where it is told. */
  readonly screen: Screen;
  /** Measures and remembers times. */
  readonly clock: Clock;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** A moment, and what the disk held then. */
interface Checkpoint {
  readonly at: string;
  readonly record: GoldenRecord;
}

const diskName = 'demo/disk';
const diskBytes = 512 * 1024 ** 2;
const rounds = 3;
const roundMs = 3_500;
/** Longer than a window: within it nothing is written, so the whole quiet second is one state. */
const quietMs = 1_300;

/**
 * Tells the whole story.
 * @param parts - see StoryParts
 */
export async function tellStory(parts: StoryParts): Promise<void> {
  await new Story(parts).tell();
}

class Story {
  readonly #parts: StoryParts;
  readonly #image: string;
  readonly #address: string;
  readonly #checkpoints: Checkpoint[] = [];
  readonly #figures: (readonly [string, string])[] = [];

  constructor(parts: StoryParts) {
    this.#parts = parts;
    this.#image = join(parts.folder, 'disk.img');
    this.#address = join(parts.folder, 'disk.sock');
  }

  async tell(): Promise<void> {
    const { screen, folder, signal } = this.#parts;
    screen.heading(`A protected disk, in ${folder}`);
    const server = await this.#protect();
    const live = await this.#mountLive();
    const workload = new Workload(live.root, this.#parts.clock);
    await this.#work(workload);
    const before = this.#checkpoints.at(-1)!;
    await this.#accident(workload, live);
    screen.heading(`Back to ${this.#shown(before.at)}, the second before`);
    await this.#openLive(server, before);
    await this.#openEarlier(server);
    await this.#restoreToFile(server, before);
    await this.#rollBack(server, live, before);
    await this.#tellFigures(server, workload);
    signal.throwIfAborted();
    await server.stop();
  }

  async #protect(): Promise<DemoServer> {
    const { screen, folder, signal } = this.#parts;
    let server: DemoServer | undefined;
    await screen.step('start a server on an empty folder', async () => {
      server = await DemoServer.start(folder, signal);
      return 'its HTTP API answers on a local socket';
    });
    await screen.step('make a disk with ext4', async () => {
      await writeFile(this.#image, '');
      await truncate(this.#image, diskBytes);
      await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0', this.#image]);
      return formatBytes(diskBytes);
    });
    await screen.step(`protect it as ${diskName}`, async () => {
      const listen = `unix:${this.#address}`;
      await server!.ask(['disk', 'add', diskName, '--tap', this.#image, '--listen', listen]);
      await server!.until(() => isWhole(server!));
      return 'its first image is stored';
    });
    return server!;
  }

  async #mountLive(): Promise<MountedDisk> {
    const { screen, folder } = this.#parts;
    let live: MountedDisk | undefined;
    await screen.step('mount it read-write', async () => {
      live = await MountedDisk.mount({ folder, name: 'live', uri: nbdUri(this.#address) });
      return `${live.root} (nbdfuse, loop, ext4)`;
    });
    return live!;
  }

  async #work(workload: Workload): Promise<void> {
    const { screen, signal } = this.#parts;
    for (let round = 1; round <= rounds; round++) {
      const text = round === 1 ? 'write, rewrite, rename and delete files' : '… and on';
      await screen.step(text, async () => {
        await workload.work(roundMs, signal);
        const at = await this.#quietSecond();
        this.#checkpoints.push({ at, record: workload.record() });
        const { size } = workload.record();
        return `${formatBytes(workload.writtenBytes)} so far, ${size} files on record at ${this.#clockTime(at)}`;
      });
    }
  }

  /** Brings everything to the disk and waits, so that what the record says is what the disk holds for a whole second. */
  async #quietSecond(): Promise<string> {
    const { folder, clock, signal } = this.#parts;
    await run('sync', ['-f', join(folder, 'live')]);
    await wait(quietMs, undefined, { signal });
    return new Date(Math.floor(clock.nowMicros() / 1000)).toISOString();
  }

  async #accident(workload: Workload, live: MountedDisk): Promise<void> {
    await this.#parts.screen.step('rm -r documents, by accident', async () => {
      const count = await workload.deleteFolder('documents');
      await run('sync', ['-f', live.root]);
      return `${count} files are gone`;
    });
  }

  /** Two views of one moment at once: one read-only, read as a disk; one writable, so that its journal can be replayed. */
  async #openLive(server: DemoServer, { at, record }: Checkpoint): Promise<void> {
    const { screen, folder } = this.#parts;
    await screen.step('open it as a live read-only disk', async () => {
      const socket = join(folder, 'view-ro.sock');
      const view = await openView(server, [at, `unix:${socket}`]);
      await run('nbdcopy', [view.uri, join(folder, 'view.img')]);
      const info = JSON.parse(await run('nbdinfo', ['--json', view.uri])) as NbdInfo;
      if (info.exports[0]?.is_read_only !== true) throw new Error('the view is not read-only');
      await server.ask(['close', view.id]);
      return `${formatBytes(view.sizeBytes)} read by nbdcopy`;
    });
    const usableMs = await this.#mountView(
      server,
      { at, record },
      'open it as files, with an overlay',
    );
    this.#figures.push(['from order to usable disk', formatDuration(usableMs)]);
  }

  async #openEarlier(server: DemoServer): Promise<void> {
    for (const checkpoint of this.#checkpoints.slice(0, -1)) {
      await this.#mountView(server, checkpoint, `the same at ${this.#clockTime(checkpoint.at)}`);
    }
  }

  /** @returns milliseconds from the order until files can be read */
  async #mountView(server: DemoServer, checkpoint: Checkpoint, text: string): Promise<number> {
    const { screen, folder, clock } = this.#parts;
    let usableMs = 0;
    await screen.step(text, async () => {
      const startMs = clock.steadyMs();
      const listen = `unix:${join(folder, 'view.sock')}`;
      const view = await openView(server, [checkpoint.at, listen, '--writable']);
      const mounted = await MountedDisk.mount({
        folder,
        name: 'view',
        uri: view.uri,
        isReadOnly: true,
      });
      usableMs = clock.steadyMs() - startMs;
      const count = await compareWithRecord(mounted.root, checkpoint.record);
      await mounted.unmount();
      await server.ask(['close', view.id]);
      return `usable after ${formatDuration(usableMs)}; ${count} files equal, byte for byte`;
    });
    return usableMs;
  }

  async #restoreToFile(server: DemoServer, { at, record }: Checkpoint): Promise<void> {
    const { screen, folder } = this.#parts;
    const file = join(folder, 'restored.img');
    await screen.step('restore it to a file', async () => {
      const report = await server.ask<RestoreReport>([
        'restore',
        diskName,
        '--at',
        at,
        '--to',
        file,
      ]);
      await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', file, join(folder, 'view.img')]);
      const rate = formatRate(report.sizeBytes, report.durationMs);
      this.#figures.push([
        'restored to a file',
        `${formatBytes(report.sizeBytes)} in ${formatDuration(report.durationMs)}, ${rate}`,
      ]);
      return `${formatBytes(report.writtenBytes)} of data; equal to the live view`;
    });
    await screen.step('check and mount that file', async () => {
      await run('mount', ['-o', 'loop', file, join(folder, 'view')]);
      const count = await compareWithRecord(join(folder, 'view'), record);
      await run('umount', [join(folder, 'view')]);
      await run('e2fsck', ['-fn', file]);
      return `${count} files equal; e2fsck is clean`;
    });
  }

  async #rollBack(
    server: DemoServer,
    live: MountedDisk,
    { at, record }: Checkpoint,
  ): Promise<void> {
    const { screen, folder } = this.#parts;
    await screen.step('roll the disk itself back in place', async () => {
      await live.unmount();
      const words = ['restore', diskName, '--at', at, '--to', this.#image, '--in-place', '--yes'];
      const report = await server.ask<RestoreReport>(words);
      if (!report.isThroughTap) throw new Error('the rollback did not go through the tap');
      this.#figures.push([
        'rolled back in place',
        `${formatBytes(report.differingBytes ?? 0)} differed, ${formatDuration(report.durationMs)}`,
      ]);
      return `only ${formatBytes(report.differingBytes ?? 0)} differed; captured too`;
    });
    await screen.step('mount it again', async () => {
      const again = await MountedDisk.mount({ folder, name: 'live', uri: nbdUri(this.#address) });
      const count = await compareWithRecord(again.root, record);
      await again.unmount();
      await run('e2fsck', ['-fn', this.#image]);
      return `${count} files equal; e2fsck is clean`;
    });
  }

  async #tellFigures(server: DemoServer, workload: Workload): Promise<void> {
    const { screen } = this.#parts;
    const stats = await server.ask<StatsReport>(['stats']);
    const window = `${this.#clockTime(stats.first!)} to ${this.#clockTime(stats.last!)}, ${stats.commitCount} points`;
    const rate = formatRate(workload.writtenBytes, workload.writingMs);
    const rows: (readonly [string, string])[] = [
      ['any second from', window],
      ...this.#figures,
      [
        'the workload wrote',
        `${formatBytes(workload.writtenBytes)} at ${rate}, captured as it went`,
      ],
      [
        'captured / stored',
        `${formatBytes(stats.logicalBytes)} / ${formatBytes(stats.storedBytes)}, ratio ${stats.totalRatio.toFixed(2)}`,
      ],
    ];
    screen.heading('What that took');
    for (const [name, value] of rows) screen.line(`  ${name.padEnd(28)} ${value}`);
    screen.line();
  }

  #shown(at: string): string {
    return formatMoment(Date.parse(at) * 1000, zone());
  }

  #clockTime(at: string): string {
    return this.#shown(at).slice(11, 23);
  }
}

interface NbdInfo {
  readonly exports: readonly { readonly is_read_only?: boolean }[];
}

async function isWhole(server: DemoServer): Promise<DiskReport | undefined> {
  const status = await server.ask<StatusReport>(['status']);
  return status.disks.find((disk) => disk.state === 'protecting' && disk.lastPoint !== undefined);
}

function openView(
  server: DemoServer,
  words: readonly [string, string, ...string[]],
): Promise<ViewReport> {
  const [at, listen, ...rest] = words;
  return server.ask<ViewReport>(['open', diskName, '--at', at, '--listen', listen, ...rest]);
}

function nbdUri(socket: string): string {
  return `nbd+unix:///?socket=${socket}`;
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

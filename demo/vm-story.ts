import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { formatMoment } from '../src/base/time-text.ts';
import type { BookmarkReport, DiskReport } from '../src/service/disk-report.ts';
import type { ViewReport } from '../src/service/view-report.ts';
import { DemoServer } from './demo-server.ts';
import { run } from './programs.ts';
import { RealGuest } from './real-guest.ts';
import type { StoryParts } from './story.ts';

const machine = 'web1';
const disks = ['vda', 'vdb'] as const;
const diskBytes = 64 * 1024 ** 2;
const recordsBefore = 40;
const recordsAfter = 60;
/** Longer than a window: what was written before is in a point. */
const quietMs = 1_500;

/**
 * Tells the story of a running virtual machine that is protected from outside, destroyed, and brought back.
 * @param parts - see StoryParts
 */
export async function tellVmStory(parts: StoryParts): Promise<void> {
  await new VmStory(parts).tell();
}

class VmStory {
  readonly #parts: StoryParts;
  readonly #guest: RealGuest;

  constructor(parts: StoryParts) {
    this.#parts = parts;
    this.#guest = new RealGuest(parts.folder, { vda: this.#image('vda'), vdb: this.#image('vdb') });
  }

  async tell(): Promise<void> {
    const { screen, folder, signal } = this.#parts;
    screen.heading(`A running virtual machine, in ${folder}`);
    await this.#boot();
    const server = await this.#protect();
    const moment = await this.#work(server);
    await this.#destroy();
    screen.heading(`Back to ${formatMoment(Date.parse(moment) * 1000, this.#zone)}`);
    await this.#check(server, moment);
    await this.#bootAgain(server, moment);
    signal.throwIfAborted();
    await server.stop();
  }

  get #zone(): string {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  #image(disk: (typeof disks)[number]): string {
    return join(this.#parts.folder, `${disk}.img`);
  }

  async #boot(): Promise<void> {
    const { screen } = this.#parts;
    await screen.step('boot a guest with two disks', async () => {
      for (const disk of disks) {
        await writeFile(this.#image(disk), '');
        await truncate(this.#image(disk), diskBytes);
        await run('mkfs.ext4', ['-q', '-F', this.#image(disk)]);
      }
      await this.#guest.start();
      return "Debian's kernel under QEMU; no agent in it";
    });
    await screen.step(`have it write ${recordsBefore} records`, async () => {
      await this.#guest.writeAll(recordsBefore);
      return 'each to both disks, each with fsync';
    });
  }

  async #protect(): Promise<DemoServer> {
    const { screen, folder, signal } = this.#parts;
    const server = await DemoServer.start(folder, signal);
    await screen.step(`protect it as ${machine}, while it runs`, async () => {
      await server.ask(['machine', 'protect', machine, '--qmp', this.#guest.qmp]);
      await server.until(async () => {
        const all = await server.ask<DiskReport[]>(['disk', 'list']);
        const isWhole = all.length === disks.length && all.every(isProtected);
        return isWhole ? true : undefined;
      });
      return 'first images of both disks are stored';
    });
    return server;
  }

  /** @returns the moment before the accident */
  async #work(server: DemoServer): Promise<string> {
    const { screen, signal } = this.#parts;
    let moment = '';
    await screen.step(`have it write ${recordsAfter} more`, async () => {
      await this.#guest.writeAll(recordsAfter);
      await wait(quietMs, undefined, { signal });
      const words = ['bookmark', machine, 'before-the-accident'];
      moment = (await server.ask<BookmarkReport>(words)).time;
      return 'and name the moment';
    });
    return moment;
  }

  async #destroy(): Promise<void> {
    const { screen } = this.#parts;
    await screen.step('overwrite its disk from inside, by accident', async () => {
      await this.#guest.ask(
        'dd if=/dev/urandom of=/dev/vda bs=1M count=32 conv=fsync 2>/dev/null; echo "all gone"',
        /(all gone)\r?\n/,
      );
      return '32 MiB of noise where the file system was';
    });
    await screen.step('pull the plug, and delete its images', async () => {
      await this.#guest.kill();
      for (const disk of disks) await rm(this.#image(disk));
      return 'nothing of the machine is left';
    });
  }

  async #check(server: DemoServer, moment: string): Promise<void> {
    const { screen, folder } = this.#parts;
    await screen.step('restore both disks to files', async () => {
      for (const disk of disks) {
        const target = join(folder, `${disk}-restored.img`);
        await server.ask(['restore', `${machine}/${disk}`, '--at', moment, '--to', target]);
        // The journal is replayed first, as the guest itself would do it.
        await run('e2fsck', ['-p', target], { allowed: [1] });
        await run('e2fsck', ['-f', '-n', target]);
      }
      return 'e2fsck is clean on both';
    });
  }

  async #bootAgain(server: DemoServer, moment: string): Promise<void> {
    const { screen, folder } = this.#parts;
    await screen.step('boot the machine from that second', async () => {
      const [vda, vdb] = [
        await this.#open(server, 'vda', moment),
        await this.#open(server, 'vdb', moment),
      ];
      const guest = new RealGuest(folder, { vda, vdb });
      await guest.start();
      const count = await guest.ask('wc -l </disk/vda/records', /^\s*(\d+)\r?\n/m);
      const same = await guest.ask(
        'cmp /disk/vda/records /disk/vdb/records && echo "both the same"',
        /(both the same)\r?\n/,
      );
      await guest.kill();
      const wanted = recordsBefore + recordsAfter;
      if (Number(count) !== wanted) throw new Error(`${count} of ${wanted} records are there`);
      return `all ${count} records are there, ${same}`;
    });
  }

  async #open(server: DemoServer, disk: string, moment: string): Promise<string> {
    const listen = `unix:${join(this.#parts.folder, `${disk}.sock`)}`;
    const name = `${machine}/${disk}`;
    const words = ['open', name, '--at', moment, '--listen', listen, '--writable'];
    return (await server.ask<ViewReport>(words)).uri;
  }
}

function isProtected(disk: DiskReport): boolean {
  return disk.state === 'protecting' && disk.lastPoint !== undefined;
}

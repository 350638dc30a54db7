import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { mountsMax } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { FuseServer } from '../../fuse/server/fuse-server.ts';
import { kernelText } from '../../recovery/restore/kernel-files.ts';
import { mountsIn } from '../../recovery/restore/kernel-tables.ts';
import type { BrowseParts } from '../browse/browse-parts.ts';
import { machinesFolder } from '../browse/machines-folder.ts';
import { type IsoMoment, isoMoment } from '../moments.ts';
import type { MountOrder, MountReport } from '../mount-report.ts';
import type { MountCases } from '../use-cases.ts';
import type { Mounter } from './mounter.ts';

/** What mounts are made from. */
export interface MountsParts {
  /** What is shown. */
  readonly browse: Omit<BrowseParts, 'timeZone'>;
  readonly mounter: Mounter;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absolute path of the data folder; mounts bear it as their source. */
  readonly dataFolder: string;
}

interface LiveMount {
  readonly since: IsoMoment;
  readonly device: FileHandle;
  readonly server: FuseServer;
}

/** Files of all machines at all times, mounted by the kernel: see MountCases. They end with the server. */
export class Mounts implements MountCases {
  readonly #parts: MountsParts;
  readonly #live = new Map<string, LiveMount>();

  /** @param parts - see MountsParts */
  constructor(parts: MountsParts) {
    this.#parts = parts;
  }

  /** Removes mounts that a server of this data folder left behind when it was killed: nobody answers them any more. */
  async removeStale(): Promise<void> {
    const text = (await kernelText('/proc/self/mountinfo')) ?? '';
    for (const { mountPoint, source } of mountsIn(text)) {
      if (source !== this.#source) continue;
      try {
        await this.#parts.mounter.unmount(mountPoint, true);
      } catch (error) {
        this.#parts.log.warn('A dead mount stays', { folder: mountPoint, error });
      }
    }
  }

  /** @inheritdoc */
  list(): readonly MountReport[] {
    return [...this.#live].map(([folder, { since }]) => ({ folder, since }));
  }

  /** @inheritdoc */
  async mount({ folder, timeZone }: MountOrder): Promise<MountReport> {
    if (this.#live.has(folder)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'mount', name: folder });
    }
    if (this.#live.size >= mountsMax) {
      const data = { what: 'The number of mounts', value: this.#live.size + 1, limit: mountsMax };
      throw new SecondwindError('LIMIT_EXCEEDED', data);
    }
    await assertFolder(folder);
    const device = await openDevice();
    try {
      await this.#parts.mounter.mount({ folder, descriptor: device.fd, source: this.#source });
    } catch (error) {
      await device.close();
      throw error;
    }
    const root = machinesFolder({ ...this.#parts.browse, timeZone });
    const server = new FuseServer({ descriptor: device.fd, root, log: this.#parts.log });
    const since = isoMoment(this.#parts.clock.nowMicros());
    this.#live.set(folder, { since, device, server });
    void this.#forgetAtEnd(folder, server, device);
    return { folder, since };
  }

  /** @inheritdoc */
  async unmount(folder: string, isForced: boolean): Promise<MountReport> {
    const live = this.#live.get(folder);
    if (live === undefined) throw new SecondwindError('NOT_FOUND', { what: 'mount', name: folder });
    await this.#parts.mounter.unmount(folder, isForced);
    if (!isForced) await live.server.ended;
    return { folder, since: live.since };
  }

  /** Ends all mounts, also those that programs use. */
  async close(): Promise<void> {
    for (const [folder, { server }] of [...this.#live]) {
      try {
        await this.#parts.mounter.unmount(folder, true);
        server.stop();
      } catch (error) {
        this.#parts.log.error('A mount cannot be ended', { folder, error });
      }
    }
    await Promise.all([...this.#live.values()].map(({ server }) => server.ended));
  }

  get #source(): string {
    return `secondwind:${this.#parts.dataFolder}`;
  }

  /** Somebody may also unmount it behind our back, which is fine. */
  async #forgetAtEnd(folder: string, server: FuseServer, device: FileHandle): Promise<void> {
    await server.ended;
    this.#live.delete(folder);
    await device.close();
  }
}

async function assertFolder(folder: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(folder)).isDirectory();
  } catch (error) {
    throw fromSystemError(error, 'Looking at', folder);
  }
  if (!isFolder) throw new SecondwindError('USAGE', { reason: `${folder} is no folder` });
}

async function openDevice(): Promise<FileHandle> {
  try {
    return await open('/dev/fuse', 'r+');
  } catch (error) {
    throw fromSystemError(error, 'Opening', '/dev/fuse');
  }
}

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type RunningProgram, run, start } from './programs.ts';

const patienceMs = 10_000;

/** What is mounted, and where. */
export interface MountOptions {
  /** The demo's folder. */
  readonly folder: string;
  /** Folder in it where the file system appears. */
  readonly name: 'live' | 'view';
  /** Address of the NBD disk. */
  readonly uri: string;
  /** Whether the file system is mounted read-only; a journal is replayed all the same. */
  readonly isReadOnly?: boolean;
}

/** A file system on a network disk: nbdfuse shows the disk as a file, a loop device makes that a disk, mount does the rest. */
export class MountedDisk {
  /** Where its files are. */
  readonly root: string;
  readonly #fuseFolder: string;
  readonly #device: string;
  readonly #nbdfuse: RunningProgram;

  private constructor(root: string, fuseFolder: string, device: string, nbdfuse: RunningProgram) {
    this.root = root;
    this.#fuseFolder = fuseFolder;
    this.#device = device;
    this.#nbdfuse = nbdfuse;
  }

  /**
   * Mounts a disk.
   * @param options - see MountOptions
   */
  static async mount(options: MountOptions): Promise<MountedDisk> {
    const { folder, name, uri } = options;
    const fuseFolder = join(folder, 'fuse', name);
    const root = join(folder, name);
    await run('mkdir', ['-p', fuseFolder]);
    const nbdfuse = await start('nbdfuse', [fuseFolder, uri], join(folder, 'nbdfuse.log'));
    await appearance(join(fuseFolder, 'nbd'), nbdfuse);
    const device = await run('losetup', ['-f', '--show', join(fuseFolder, 'nbd')]);
    const mode = options.isReadOnly === true ? 'ro' : 'rw';
    await run('mount', ['-t', 'ext4', '-o', mode, device.trim(), root]);
    return new MountedDisk(root, fuseFolder, device.trim(), nbdfuse);
  }

  /** Unmounts it: everything is written back, and the server's client is gone. */
  async unmount(): Promise<void> {
    await run('umount', [this.root]);
    await run('losetup', ['-d', this.#device]);
    await run('umount', [this.#fuseFolder]);
    await this.#nbdfuse.ended;
  }
}

async function appearance(file: string, nbdfuse: RunningProgram): Promise<void> {
  const end = nbdfuse.ended.then((words) => {
    throw new Error(words);
  });
  await Promise.race([end, appears(file)]);
}

async function appears(file: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    try {
      await access(file);
      return;
    } catch {
      await wait(10);
    }
  }
  throw new Error(`nbdfuse did not show ${file}`);
}

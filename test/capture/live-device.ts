import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { KernelCapture } from '../../src/capture/kernel/kernel-capture.ts';
import type { StartKernelProgram } from '../../src/capture/kernel/kernel-program.ts';
import { MachineCapture } from '../../src/capture/machine-capture.ts';
import { ThreadPipeline } from '../../src/pipeline/thread-pipeline.ts';
import {
  createRepository,
  FolderIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';

const zeroes = Buffer.alloc(1 << 20);
const machine = 'here';
const disk = 'data';

/**
 * Runs a program of the system.
 * @returns what it wrote
 */
export async function tool(program: string, ...words: readonly string[]): Promise<string> {
  const env = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  return (await promisify(execFile)(program, words, { env })).stdout;
}

/** A loop device that is protected live, with a real repository. */
export class LiveDevice {
  readonly folder: string;
  readonly path: string;
  readonly image: string;
  readonly repository: Repository;
  readonly capture: MachineCapture;
  readonly kernel: KernelCapture;
  /** Times of the stored points. */
  readonly points: number[] = [];
  readonly #undoing: AsyncDisposableStack;

  private constructor(
    parts: Pick<LiveDevice, 'folder' | 'path' | 'image' | 'repository'> & {
      readonly start: StartKernelProgram;
      readonly undoing: AsyncDisposableStack;
    },
  ) {
    this.folder = parts.folder;
    this.path = parts.path;
    this.image = parts.image;
    this.repository = parts.repository;
    this.#undoing = parts.undoing;
    this.kernel = new KernelCapture({ start: parts.start, clock: systemClock, log: silentLogger });
    this.capture = new MachineCapture({
      ...{ machine, sink: this.repository, views: this.repository, comparers: this.repository },
      clock: systemClock,
      windowMs: 50,
      toldMicros: () => this.kernel.toldMicros,
      observer: { stored: (_machine, receipt) => void this.points.push(receipt.timeMicros) },
    });
    this.#undoing.defer(() => this.capture.close());
    this.#undoing.defer(() => this.kernel.close());
  }

  /** Makes a device of this size, and lets `use` have it while it is protected; everything is gone afterwards. */
  static async with(
    options: { readonly sizeBytes: number; readonly start: StartKernelProgram },
    use: (device: LiveDevice) => Promise<void>,
  ): Promise<void> {
    await using undoing = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'secondwind-live-'));
    undoing.defer(() => rm(folder, { recursive: true, force: true }));
    const image = join(folder, 'image');
    await (await open(image, 'w')).close();
    await truncate(image, options.sizeBytes);
    const path = (await tool('losetup', '--find', '--show', image)).trim();
    undoing.defer(async () => {
      await tool('losetup', '--detach', path).catch(() => undefined);
    });
    const repository = await openTestRepository(folder, undoing);
    const device = new LiveDevice({ folder, path, image, repository, undoing, ...options });
    await device.protect();
    await use(device);
  }

  /** Protects the device, as the server does. */
  async protect(): Promise<void> {
    const { capture, path } = this;
    await this.kernel.add([{ machine, disk, path, capture, isPaused: () => false }]);
    const reason = this.kernel.find(machine, disk)?.reason;
    if (reason !== undefined) throw new Error(`this machine cannot capture writes: ${reason}`);
  }

  /** Waits until the disk is whole. */
  async untilWhole(): Promise<void> {
    await this.until('protecting');
  }

  /** Waits for a state, for half a minute. */
  async until(state: string): Promise<void> {
    for (let i = 0; i < 600; i++) {
      if (this.capture.status.state === state) return;
      await systemClock.sleep(50);
    }
    throw new Error(`it is ${this.capture.status.state} and not ${state}`);
  }

  /** Makes a point of this instant. @returns its time */
  async cut(): Promise<number> {
    await this.kernel.catchUp();
    return (await this.capture.cutNow()).timeMicros;
  }

  /** What the device holds: the file behind it, once the kernel has written everything there. */
  async content(): Promise<Buffer> {
    await tool('blockdev', '--flushbufs', this.path);
    return readFile(this.image);
  }

  /** Writes the disk as it stood to a file. @returns its path */
  async restore(atMicros: number): Promise<string> {
    const file = join(this.folder, 'restored');
    const view = await this.repository.openView({ machine, disk }, atMicros);
    const target = await open(file, 'w');
    try {
      await target.truncate(view.sizeBytes);
      const piece = Buffer.alloc(1 << 20);
      for (let at = 0; at < view.sizeBytes; at += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, view.sizeBytes - at));
        await view.read(part, at);
        if (!part.equals(zeroes.subarray(0, part.length)))
          await target.write(part, 0, part.length, at);
      }
    } finally {
      await target.close();
      await view.close();
    }
    return file;
  }

  /** Mounts a device or image for as long as `use` runs. */
  async mounted(path: string, use: (folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(this.folder, 'mount-'));
    await tool('mount', ...(path.startsWith('/dev/') ? [] : ['-o', 'loop']), path, folder);
    try {
      await use(folder);
    } finally {
      await tool('umount', folder);
    }
  }
}

async function openTestRepository(
  folder: string,
  undoing: AsyncDisposableStack,
): Promise<Repository> {
  const pipeline = new ThreadPipeline(2);
  undoing.defer(() => pipeline.close());
  const storage = new LocalStorage(join(folder, 'store'));
  const secret = { kind: 'key-file' as const, secret: new Uint8Array(32).fill(9) };
  await createRepository({ storage, secret, clock: systemClock }, 'test');
  const indexHome = new FolderIndexHome(join(folder, 'index'));
  const parts = { storage, indexHome, pipeline, clock: systemClock, log: silentLogger, secret };
  const repository = await openRepository(parts);
  undoing.defer(() => repository.close());
  return repository;
}

import { blockBytes } from '../../src/base/limits.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import type { WritableDisk } from '../../src/disk/disk.ts';
import type { CommitSink, Repository } from '../../src/repository/index.ts';
import { percentile } from '../measure/statistics.ts';
import { measuredDisk, withStore } from './open-store.ts';
import { serveWritable } from './serve.ts';
import { captureDisk } from './tapped-disk.ts';

const stampMs = 10;

/**
 * Serves a captured disk, writes the time into its last block again and again, and looks after every commit which time can
 * be restored: from write to restorable, with nothing taken on trust.
 * @param folder - of the repository
 * @param image - the disk's own file
 * @param socket - path of the Unix socket
 * @returns lag of all stamps, milliseconds, and what became of the capture
 */
export async function measureLag(folder: string, image: string, socket: string): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const stamps = new Stamps(repository);
    const parts = { folder, image, repository, sink: stamps };
    const { disk, capture, account } = await captureDisk(parts);
    const ending = new AbortController();
    const writing = stamps.write(disk, ending.signal);
    await serveWritable(disk, socket);
    ending.abort();
    await writing;
    await capture.close();
    return { ...account(), ...stamps.result() };
  });
}

/** Writes stamps to a disk, and sees them come out of the repository. */
class Stamps implements CommitSink {
  readonly #repository: Repository;
  readonly #lagsMs: number[] = [];
  #written: number[] = [];

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  async append(request: Parameters<CommitSink['append']>[0]): ReturnType<CommitSink['append']> {
    const receipt = await this.#repository.append(request);
    if (request.disks.every(({ state }) => state === 'whole')) await this.#look();
    return receipt;
  }

  /** Writes a stamp every few milliseconds until told to end. */
  async write(disk: WritableDisk, signal: AbortSignal): Promise<void> {
    const block = Buffer.alloc(blockBytes);
    while (!signal.aborted) {
      const now = performance.now();
      block.writeDoubleLE(now);
      this.#written.push(now);
      await disk.write(block, disk.sizeBytes - blockBytes);
      await systemClock.sleep(stampMs);
    }
  }

  result(): Record<string, number> {
    const lags = this.#lagsMs;
    return {
      stampCount: lags.length,
      lostCount: this.#written.length,
      medianMs: percentile(lags, 0.5),
      highMs: percentile(lags, 0.99),
      longestMs: Math.max(...lags),
    };
  }

  async #look(): Promise<void> {
    const view = await this.#repository.openView(measuredDisk, Number.MAX_SAFE_INTEGER);
    const block = Buffer.alloc(blockBytes);
    await view.read(block, view.sizeBytes - blockBytes);
    await view.close();
    const seen = block.readDoubleLE();
    const now = performance.now();
    const isSeen = (written: number): boolean => written <= seen;
    this.#lagsMs.push(...this.#written.filter(isSeen).map((written) => now - written));
    this.#written = this.#written.filter((written) => !isSeen(written));
  }
}

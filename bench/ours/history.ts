import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import {
  createRepository,
  type DiskChange,
  FolderIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';
import type { StorageWriter } from '../../src/storage/storage.ts';
import { SeededRandom } from '../data/seeded-random.ts';
import { percentile } from '../measure/statistics.ts';

const machine = 'bench';
const disks = [
  { disk: 'small', sizeBytes: 2 ** 30 },
  { disk: 'large', sizeBytes: 10 * 2 ** 40 },
] as const;
const blockBytes = 4096;
const appendsInFlight = 64;
const startMicros = 1_700_000_000_000_000;
const secret = { kind: 'key-file', secret: new Uint8Array(32).fill(7) } as const;

/** Syncing a million tiny commits would measure the disk, and nothing is read back after a crash here. */
class UnsyncedStorage extends LocalStorage {
  override async create(name: string): Promise<StorageWriter> {
    const writer = await super.create(name);
    return {
      write: (bytes, offsetBytes) => writer.write(bytes, offsetBytes),
      sync: () => Promise.resolve(),
      close: () => writer.close(),
    };
  }
}

/**
 * Makes a repository with a long history: a commit every second, each of one block on each of two disks.
 * @param folder - of the repository, made anew
 * @param commits - how many
 * @returns how long it took, seconds
 */
export async function fillHistory(folder: string, commits: string): Promise<unknown> {
  await createHistory(folder);
  const start = performance.now();
  await withHistory(folder, async (repository) => {
    const random = new SeededRandom(3);
    const inFlight: Promise<unknown>[] = [];
    for (let commit = 0; commit < Number(commits); commit++) {
      const timeMicros = startMicros + commit * 1_000_000;
      const changes = disks.map(({ disk, sizeBytes }) => changeOf(disk, sizeBytes, random));
      inFlight.push(
        repository.append({ machine, timeMicros, consistency: 'crash', disks: changes }),
      );
      if (inFlight.length >= appendsInFlight) await inFlight.shift();
    }
    await Promise.all(inFlight);
  });
  return { seconds: (performance.now() - start) / 1000 };
}

/**
 * Makes a repository for a long history.
 * @param folder - of the repository, made anew
 */
export async function createHistory(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const storage = new UnsyncedStorage(join(folder, 'store'));
  await createRepository({ storage, secret, clock: systemClock }, 'bench');
}

/**
 * Opens views of both disks at random moments of the history.
 * @param folder - of the repository
 * @param count - views of each disk
 * @returns for each disk, milliseconds from the order to the first block read
 */
export async function timeViews(folder: string, count: string): Promise<unknown> {
  return withHistory(folder, async (repository) => {
    const random = new SeededRandom(4);
    const figures = [];
    for (const { disk, sizeBytes } of disks) {
      const spentMs = [];
      for (let turn = 0; turn < Number(count); turn++) {
        spentMs.push(await timeView(repository, disk, random));
      }
      const [firstMs] = spentMs;
      const [medianMs, highMs] = [percentile(spentMs, 0.5), percentile(spentMs, 0.99)];
      figures.push({ disk, sizeBytes, firstMs, medianMs, highMs, longestMs: Math.max(...spentMs) });
    }
    return figures;
  });
}

async function timeView(
  repository: Repository,
  disk: string,
  random: SeededRandom,
): Promise<number> {
  const spanMicros = repository.lastMicros - startMicros;
  const atMicros = startMicros + random.below(spanMicros + 1);
  const block = Buffer.alloc(blockBytes);
  const start = performance.now();
  const view = await repository.openView({ machine, disk }, atMicros);
  await view.read(block, random.below(view.sizeBytes / blockBytes) * blockBytes);
  const spentMs = performance.now() - start;
  await view.close();
  return spentMs;
}

/**
 * One block of a disk, written anew.
 * @param disk - its name
 * @param sizeBytes - its size
 * @param random - chooses the block and its content
 */
export function changeOf(disk: string, sizeBytes: number, random: SeededRandom): DiskChange {
  const data = new Uint8Array(new SharedArrayBuffer(blockBytes));
  random.fill(Buffer.from(data.buffer));
  const firstBlock = random.below(sizeBytes / blockBytes);
  return { disk, sizeBytes, state: 'whole', runs: [{ firstBlock, blockCount: 1, data }] };
}

/**
 * Opens a repository with a long history, and closes it after use.
 * @param folder - of the repository
 * @param use - what to do with it
 */
export async function withHistory<T>(
  folder: string,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const pipeline = new InlinePipeline();
  const repository = await openRepository({
    storage: new UnsyncedStorage(join(folder, 'store')),
    indexHome: new FolderIndexHome(join(folder, 'index')),
    pipeline,
    clock: systemClock,
    log: silentLogger,
    secret,
  });
  try {
    return await use(repository);
  } finally {
    await repository.close();
    await pipeline.close();
  }
}

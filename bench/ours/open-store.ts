import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { ThreadPipeline } from '../../src/pipeline/thread-pipeline.ts';
import {
  createRepository,
  FolderIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';

/** The disk that all works speak of. */
export const measuredDisk = { machine: 'bench', disk: 'disk' } as const;

/** The key is no secret: it only has to cost what a real one does. */
const secret = { kind: 'key-file', secret: new Uint8Array(32).fill(7) } as const;

/**
 * Makes a repository as the server does.
 * @param folder - where store and index go
 */
export async function createStore(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const storage = new LocalStorage(join(folder, 'store'));
  await createRepository({ storage, secret, clock: systemClock }, 'bench');
}

/**
 * Opens a repository as the server does, and closes it after use.
 * @param folder - as given to createStore
 * @param use - what to do with it
 */
export async function withStore<T>(
  folder: string,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const pipeline = new ThreadPipeline(availableParallelism());
  try {
    const repository = await openRepository({
      storage: new LocalStorage(join(folder, 'store')),
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
    }
  } finally {
    await pipeline.close();
  }
}

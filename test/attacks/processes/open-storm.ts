import { join } from 'node:path';
import { silentLogger } from '../../../src/base/log.ts';
import { systemClock } from '../../../src/base/system-clock.ts';
import type { Pipeline } from '../../../src/pipeline/operation-table.ts';
import {
  FolderIndexHome,
  type OpenRepositoryOptions,
  openRepository,
  type Repository,
} from '../../../src/repository/index.ts';
import { LocalStorage } from '../../../src/storage/local-storage.ts';

/** Small, so that segments are finished and begun many times. */
const segmentBytes = 2 * 1024 * 1024;

/** What opens the repository of a kill storm. */
export const stormSecret: OpenRepositoryOptions['secret'] = {
  kind: 'key-file',
  secret: new Uint8Array(32).fill(5),
};

/**
 * The store in a storm's folder.
 * @param folder - of the storm
 */
export function stormStorage(folder: string): LocalStorage {
  return new LocalStorage(join(folder, 'store'));
}

/**
 * Where its indexes lie.
 * @param folder - of the storm
 */
export function stormIndexFolder(folder: string): string {
  return join(folder, 'index');
}

/**
 * Opens the repository in a storm's folder, on real files and threads.
 * @param folder - of the storm
 * @param pipeline - threads
 */
export function openStorm(folder: string, pipeline: Pipeline): Promise<Repository> {
  return openRepository({
    storage: stormStorage(folder),
    indexHome: new FolderIndexHome(stormIndexFolder(folder)),
    pipeline,
    clock: systemClock,
    log: silentLogger,
    secret: stormSecret,
    segmentBytes,
  });
}

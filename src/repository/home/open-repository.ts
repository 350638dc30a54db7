import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { segmentBytesTarget } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { Storage } from '../../storage/storage.ts';
import { isIndexDamage } from '../index-tables/index-damage.ts';
import { KeyRing } from '../keys/key-ring.ts';
import { KeySlots } from '../keys/key-slots.ts';
import type { KeySecretInput, ProgressSink, Repository } from '../repository.ts';
import { createdNow, RepositoryStore, type RepositoryStoreOptions } from '../repository-store.ts';
import { SegmentReaders } from '../segments/segment-readers.ts';
import { openCore } from './core.ts';
import type { IndexHome } from './index-home.ts';
import { readConfig, writeConfig } from './repository-config.ts';

/** What a repository is opened with. The caller owns storage and pipeline, and closes the pipeline. */
export interface OpenRepositoryOptions {
  readonly storage: Storage;
  readonly indexHome: IndexHome;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens one of the key slots. */
  readonly secret: KeySecretInput;
  /** Memory for pages of opened groups, bytes; default 256 MiB. */
  readonly cacheBytes?: number;
  /** zstd level of chunk groups; default 1. */
  readonly compressionLevel?: number;
  /** Length at which a segment is full, bytes; default 256 MiB. */
  readonly segmentBytes?: number;
  /** Random bytes; default those of the operating system. */
  readonly randomBytes?: (lengthBytes: number) => Uint8Array;
  /** Progress of bringing the index up to date. */
  readonly progress?: ProgressSink;
}

const cacheBytesDefault = 256 * 1024 * 1024;
const compressionLevelDefault = 1;

/**
 * Tells whether there is a repository.
 * @param storage - where it would lie
 * @throws DAMAGED, NEWER_FORMAT, IO_FAILED
 */
export async function isRepository(storage: Storage): Promise<boolean> {
  return (await readConfig(storage)) !== undefined;
}

/**
 * Makes an empty repository with one key slot. Order matters: the description comes last, so that a creation cut short
 * leaves nothing that looks like a repository.
 * @param options - storage, the first secret, clock and randomness
 * @param label - words for the first key slot
 * @throws ALREADY_EXISTS, IO_FAILED, NO_SPACE
 */
export async function createRepository(
  options: Pick<OpenRepositoryOptions, 'storage' | 'secret' | 'clock' | 'randomBytes'>,
  label: string,
): Promise<void> {
  const { storage, clock } = options;
  if (await isRepository(storage)) {
    throw new SecondwindError('ALREADY_EXISTS', { what: 'repository', name: 'here' });
  }
  const random = options.randomBytes ?? randomBytes;
  const id = Buffer.from(random(16)).toString('hex');
  const created = createdNow(clock);
  const slots = new KeySlots(storage, id);
  await slots.clear();
  await slots.add(random(32), options.secret, label, created);
  await writeConfig(storage, { format: 1, id, created });
}

/**
 * Opens a repository: unlocks its keys, opens its index, and replays what the index lacks. A damaged index is built anew.
 * @param options - see OpenRepositoryOptions
 * @throws NOT_FOUND when there is none; WRONG_KEY, DAMAGED, NEWER_FORMAT, IO_FAILED, NO_SPACE
 */
export async function openRepository(options: OpenRepositoryOptions): Promise<Repository> {
  const { storage, pipeline } = options;
  const config = await readConfig(storage);
  if (config === undefined) {
    throw new SecondwindError('NOT_FOUND', { what: 'repository', name: 'here' });
  }
  const slots = new KeySlots(storage, config.id);
  const keys = new KeyRing(await slots.open(options.secret));
  const shared: RepositoryStoreOptions = {
    ...options,
    id: config.id,
    slots,
    keys,
    readers: new SegmentReaders(storage, keys, pipeline),
    repositoryId: Buffer.from(config.id, 'hex'),
    randomBytes: options.randomBytes ?? randomBytes,
    cacheBytes: options.cacheBytes ?? cacheBytesDefault,
    compressionLevel: options.compressionLevel ?? compressionLevelDefault,
    segmentBytes: options.segmentBytes ?? segmentBytesTarget,
  };
  const watch = options.progress === undefined ? {} : { progress: options.progress };
  return new RepositoryStore(shared, await openNewestCore(shared, watch));
}

async function openNewestCore(
  options: RepositoryStoreOptions,
  watch: { progress?: ProgressSink },
): ReturnType<typeof openCore> {
  const store = await options.indexHome.openNewest();
  try {
    return await openCore(options, store, watch);
  } catch (error) {
    await store.close();
    if (!isIndexDamage(error)) throw error;
    options.log.warn('The index is damaged and is built anew', { error });
    return openFreshCore(options, watch);
  }
}

async function openFreshCore(
  options: RepositoryStoreOptions,
  watch: { progress?: ProgressSink },
): ReturnType<typeof openCore> {
  const fresh = await options.indexHome.openFresh();
  try {
    const core = await openCore(options, fresh, watch);
    await options.indexHome.settle();
    return core;
  } catch (error) {
    await fresh.close();
    throw error;
  }
}

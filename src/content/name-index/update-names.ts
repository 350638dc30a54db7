import type { Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import type { ByteRange, FileStatus, FileSystem } from '../../filesystem/file-system.ts';
import type { NameIndex } from './name-index.ts';
import type { IndexedVolume, NameRecord } from './name-record.ts';
import type { FileChange, NamePass } from './thread/name-store.ts';

/** A volume at the moment to which its names are brought. */
export interface NamedVolume extends IndexedVolume {
  readonly fileSystem: FileSystem;
  /** Moment of what the file system shows. */
  readonly micros: Micros;
  /**
   * Spans of the volume that differ from an earlier moment, asked for with the moment up to which names are known.
   * @param sinceMicros - the earlier moment
   * @returns undefined when that cannot be told, and everything must be looked at
   */
  readonly changedSince: (sinceMicros: Micros) => Promise<readonly ByteRange[] | undefined>;
}

/** What an update did. */
export interface NameUpdate {
  /** Whether only what changed was looked at. */
  readonly isPartial: boolean;
  /** Files that were looked at. */
  readonly fileCount: number;
}

/** Files whose parts are sent to the index at once. */
const batchFiles = 2000;

/**
 * Brings the names of a volume up to a moment. Where the reader can tell which files have their records in the spans that changed, only those are
 * looked at: a directory whose names changed has a changed record too. Else the whole volume is walked.
 * @param index - where names are kept
 * @param volume - see NamedVolume
 * @param signal - ends it early; what was taken in stays, and the next update looks at it again
 * @throws FILE_SYSTEM_DAMAGED where the reader cannot pass over it, the signal's reason
 */
export async function updateNames(
  index: NameIndex,
  volume: NamedVolume,
  signal: AbortSignal,
): Promise<NameUpdate> {
  const { machine, volume: name, micros } = volume;
  const number = await index.call('volumeNumber', { machine, volume: name });
  const known = (await index.call('volumes')).find((each) => each.number === number);
  const reachedMicros = known?.reachedMicros ?? 0;
  if (reachedMicros >= micros) return { isPartial: true, fileCount: 0 };
  const pass = { volume: number, micros, isFirst: reachedMicros === 0 };
  const ranges = pass.isFirst ? undefined : await volume.changedSince(reachedMicros);
  const ids = ranges === undefined ? undefined : volume.fileSystem.recordsIn?.(ranges);
  const update = { index, volume, pass, signal };
  return ids === undefined ? walkWhole(update) : takeChanges(update, ids);
}

interface Update {
  readonly index: NameIndex;
  readonly volume: NamedVolume;
  readonly pass: NamePass;
  readonly signal: AbortSignal;
}

async function walkWhole({ index, volume, pass, signal }: Update): Promise<NameUpdate> {
  let fileCount = 0;
  let isDamaged = false;
  let sent: Promise<unknown> = Promise.resolve();
  for await (const batch of volume.fileSystem.walk(() => (isDamaged = true))) {
    signal.throwIfAborted();
    fileCount += batch.length;
    const records = batch.map(({ parent, name, status }) => recordOf(parent, name, status));
    // One batch is taken in while the next is read, and no more wait.
    await sent;
    sent = index.call('meet', pass, records);
    // Awaited with the next batch; until then a failure must not count as unheard.
    sent.catch(() => undefined);
  }
  await sent;
  // Where something could not be read, what was not met may still be there.
  await index.call('finish', pass, !isDamaged);
  return { isPartial: false, fileCount };
}

async function takeChanges(
  { index, volume, pass, signal }: Update,
  ids: AsyncIterable<readonly string[]>,
): Promise<NameUpdate> {
  const { fileSystem } = volume;
  const gone: string[] = [];
  const directories: string[] = [];
  const changes: FileChange[] = [];
  let fileCount = 0;
  for await (const batch of ids) {
    signal.throwIfAborted();
    for (const id of batch) {
      fileCount += 1;
      const status = await statusOf(fileSystem, id);
      if (status === undefined || status.linkCount === 0) gone.push(id);
      else {
        changes.push(changeOf(status));
        if (status.kind === 'directory') directories.push(id);
      }
    }
  }
  for (const id of directories) {
    signal.throwIfAborted();
    await index.call('replace', pass, id, await namesIn(fileSystem, id));
  }
  for (let start = 0; start < changes.length; start += batchFiles) {
    await index.call('change', pass, changes.slice(start, start + batchFiles));
  }
  // Last, because a file that moved was met under its new name before.
  await index.call('remove', pass, gone);
  await index.call('finish', pass, false);
  return { isPartial: true, fileCount };
}

async function statusOf(fileSystem: FileSystem, id: string): Promise<FileStatus | undefined> {
  try {
    return await fileSystem.status(id);
  } catch (error) {
    if (isSecondwindError(error, 'NO_SUCH_FILE')) return undefined;
    throw error;
  }
}

async function namesIn(fileSystem: FileSystem, directory: string): Promise<NameRecord[]> {
  const records: NameRecord[] = [];
  for await (const batch of fileSystem.list(directory)) {
    for (const { name, id } of batch) {
      const status = await statusOf(fileSystem, id);
      if (status !== undefined) records.push(recordOf(directory, name, status));
    }
  }
  return records;
}

function recordOf(parent: string, name: string, status: FileStatus): NameRecord {
  return { name, parent, ...changeOf(status) };
}

function changeOf({ id, kind, sizeBytes, modifiedMicros }: FileStatus): FileChange {
  return { id, kind, sizeBytes, modifiedMicros };
}

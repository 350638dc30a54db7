import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { fromSystemError } from '../base/errors.ts';
import { deviceNumbers } from './file-size.ts';

/** What there is to say about an image that something is to be concluded from. */
export type WatchOutcome = { readonly watch: ImageWatch } | { readonly reason: string };

/** Longer than two ticks of the slowest clock that a Linux file system takes times from, milliseconds. */
const tickMs = 25;
/** Longer than the step of times on file systems that keep whole or every second second, milliseconds. */
const coarseStepMs = 2_100;

/**
 * Notices whether a disk image or block device was written to. A file tells by the times that its file system keeps. A device is
 * taken for oneself, so that nobody can mount it meanwhile, and tells by the kernel's count of writes; what other computers write to a
 * shared device is not seen.
 */
export class ImageWatch {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #mark: string;

  private constructor(file: string, handle: FileHandle, mark: string) {
    this.#file = file;
    this.#handle = handle;
    this.#mark = mark;
  }

  /**
   * Begins to watch. From here on every write is noticed: the time that a file was changed is looked at twice, so far apart that a later
   * write must leave another.
   * @param file - path
   * @param clock - to wait by
   * @returns the watch, to be closed; or why it could notice nothing, as the end of a sentence
   * @throws IO_FAILED
   */
  static async begin(file: string, clock: Clock): Promise<WatchOutcome> {
    const { handle, isClaimed } = await openClaimed(file);
    try {
      const mark = await markOf(handle);
      if (!isClaimed) return await ended(handle, 'it is in use by this system');
      if (mark === undefined) return await ended(handle, 'its writes are not counted');
      await clock.sleep(mark.isCoarse ? coarseStepMs : tickMs);
      const again = await markOf(handle);
      if (again?.text !== mark.text) return await ended(handle, 'it is being written to');
      return { watch: new ImageWatch(file, handle, mark.text) };
    } catch (error) {
      await handle.close();
      throw fromSystemError(error, 'Watching', file);
    }
  }

  /**
   * Whether nothing was written since the watch began.
   * @throws IO_FAILED
   */
  async isUnchanged(): Promise<boolean> {
    try {
      // Opened anew, because a network file system asks its server only then. A device can be opened only once in this way.
      const stat = await this.#handle.stat();
      const handle = stat.isFile() ? await open(this.#file, 'r') : this.#handle;
      try {
        return (await markOf(handle))?.text === this.#mark;
      } finally {
        if (handle !== this.#handle) await handle.close();
      }
    } catch (error) {
      throw fromSystemError(error, 'Watching', this.#file);
    }
  }

  /** Ends the watch, and gives a device free. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function ended(handle: FileHandle, reason: string): Promise<WatchOutcome> {
  await handle.close();
  return { reason };
}

/** Of a regular file O_EXCL says nothing. Of a device it claims it. */
async function openClaimed(file: string): Promise<{ handle: FileHandle; isClaimed: boolean }> {
  try {
    return { handle: await open(file, constants.O_RDONLY | constants.O_EXCL), isClaimed: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY')
      throw fromSystemError(error, 'Opening', file);
  }
  return { handle: await open(file, 'r'), isClaimed: false };
}

/** What changes with every write. */
interface WriteMark {
  readonly text: string;
  /** Whether writes within seconds of one another may leave the same. */
  readonly isCoarse: boolean;
}

async function markOf(handle: FileHandle): Promise<WriteMark | undefined> {
  const stat = await handle.stat({ bigint: true });
  return stat.isFile() ? markOfFile(stat) : markOfDevice(handle, stat);
}

function markOfFile({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): WriteMark {
  const isCoarse = mtimeNs % 1_000_000_000n === 0n;
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), isCoarse };
}

/**
 * What waits in memory is written first, so that it is counted. Sectors are, since a flush counts as a write without any.
 * @source Linux Documentation/block/stat.rst: field 7 counts sectors written, 14 those discarded
 */
async function markOfDevice(
  handle: FileHandle,
  { rdev }: BigIntStats,
): Promise<WriteMark | undefined> {
  await handle.sync();
  const folder = `/sys/dev/block/${deviceNumbers(Number(rdev)).join(':')}`;
  if (!(await areWritesCounted(folder))) return undefined;
  const fields = (await readFile(`${folder}/stat`, 'utf8')).trim().split(/\s+/);
  const counts = [6, 13].map((index) => fields[index] ?? '-').join(' ');
  const backing = await backingMark(folder);
  return { text: `${counts} ${backing?.text ?? ''}`, isCoarse: backing?.isCoarse ?? false };
}

async function areWritesCounted(folder: string): Promise<boolean> {
  for (const path of [`${folder}/queue/iostats`, `${folder}/../queue/iostats`]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text.trim() === '1';
  }
  return false;
}

/** A loop device shows a file, which may be written to past it. */
async function backingMark(folder: string): Promise<WriteMark | undefined> {
  for (const path of [`${folder}/loop/backing_file`, `${folder}/../loop/backing_file`]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const handle = await open(text.replace(/\n$/, ''), 'r');
    try {
      return markOfFile(await handle.stat({ bigint: true }));
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

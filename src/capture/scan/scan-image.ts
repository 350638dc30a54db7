import type { Clock, Micros } from '../../base/clock.ts';
import { regionBytes, scanRegionsMax } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { CommitSink, ComparerOpener, DiskName, ViewOpener } from '../../repository/index.ts';
import { nothingStored, openNewest } from '../region-compare.ts';
import { excludedRuns, type ScanExclusions } from './excluded-runs.ts';
import { ScanCommits, type ScanTotals } from './scan-commits.ts';
import {
  type ScannedWindow,
  type ScanSubject,
  scanWindow,
  scanWindowBytes,
} from './scan-window.ts';

/** What a scan needs. */
export interface ScanImageOptions {
  /** The image, read whole; stays open. */
  readonly disk: ReadableDisk;
  /** The disk it is an image of. */
  readonly name: DiskName;
  /** Where commits go. */
  readonly sink: CommitSink;
  /** What is stored already, and a fast way to compare with it. */
  readonly views: ViewOpener & ComparerOpener;
  /** Decides the time of commits. */
  readonly clock: Clock;
  /** Hears how many bytes of the image are compared. */
  readonly progress?: (doneBytes: number, totalBytes: number) => void;
  /** Ends the scan early; what was stored is kept and compares equal the next time. */
  readonly signal?: AbortSignal;
  /** Changed data of one commit, bytes; left out: what a repository on this machine takes best. */
  readonly commitBytes?: number;
  /** What is not to be stored; left out: nothing. */
  readonly exclusions?: ScanExclusions;
}

/** What a scan did. */
export interface ScanResult extends Readonly<ScanTotals> {
  /** Time of the new point. */
  readonly timeMicros: Micros;
  /** Bytes of the image that were compared. */
  readonly readBytes: number;
  /** Whether what was to be excluded is. */
  readonly isExcluding: boolean;
}

/** Windows read and compared at once. */
const windowsMax = (scanRegionsMax * regionBytes) / scanWindowBytes;

/**
 * Compares an image with the newest stored state of a disk and stores what differs: everything the first time. Windows are
 * read and compared side by side, gathered in order, and stored while the next ones are read.
 * @param options - see ScanImageOptions
 * @throws NO_SPACE, IO_FAILED, DAMAGED; the signal's reason
 */
export async function scanImage(options: ScanImageOptions): Promise<ScanResult> {
  const { disk, name, views } = options;
  const stored = await openNewest(views, name);
  const comparer = stored === undefined ? nothingStored : views.openComparer(stored);
  const memory = new WindowMemory();
  const commits = new ScanCommits({
    ...options,
    sizeBytes: disk.sizeBytes,
    giveBack: (freed) => {
      memory.giveBack(freed);
    },
  });
  try {
    const { exclusions, signal } = options;
    const blocks = exclusions?.blocks;
    const part = blocks && { blocks, isOfThese: false };
    for await (const window of windowsOf({ disk, stored, comparer, part }, memory)) {
      signal?.throwIfAborted();
      await commits.add(window);
      options.progress?.(window.startBytes + window.lengthBytes, disk.sizeBytes);
    }
    const isExcluding = (await exclusions?.isAtRest()) ?? false;
    if (isExcluding && blocks !== undefined) {
      // Only now is it certain that the blocks were nobody else's while the rest was read.
      for await (const run of excludedRuns({ disk, stored, blocks }))
        await commits.addExcluded(run);
    } else if (blocks !== undefined) {
      const rest = { disk, stored, comparer, part: { blocks, isOfThese: true } };
      for await (const window of windowsOf(rest, memory)) {
        signal?.throwIfAborted();
        await commits.add(window);
      }
    }
    const { timeMicros } = await commits.finish();
    return { ...commits.totals, timeMicros, readBytes: disk.sizeBytes, isExcluding };
  } finally {
    await commits.settle();
    await stored?.close();
  }
}

/** Windows in order, the next ones already being read and compared. */
async function* windowsOf(
  subject: ScanSubject,
  memory: WindowMemory,
): AsyncGenerator<ScannedWindow> {
  const underWay: Promise<ScannedWindow>[] = [];
  let nextBytes = 0;
  try {
    while (nextBytes < subject.disk.sizeBytes || underWay.length > 0) {
      while (nextBytes < subject.disk.sizeBytes && underWay.length < windowsMax) {
        const scanning = scanWindow(subject, nextBytes, () => memory.take());
        scanning.catch(() => undefined);
        underWay.push(scanning);
        nextBytes += scanWindowBytes;
      }
      const window = await underWay.shift();
      if (window !== undefined) yield window;
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Memory of windows, used again and again; as much is made as is ever in use at once. */
class WindowMemory {
  readonly #free: SharedArrayBuffer[] = [];

  take(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(scanWindowBytes);
  }

  giveBack(memory: SharedArrayBuffer): void {
    this.#free.push(memory);
  }
}

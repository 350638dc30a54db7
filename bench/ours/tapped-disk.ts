import { join } from 'node:path';
import { spoolBytesMax } from '../../src/base/limits.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { MachineCapture } from '../../src/capture/machine-capture.ts';
import { Spool } from '../../src/capture/queue/spool.ts';
import { openRandomFile } from '../../src/capture/random-file.ts';
import type { WritableDisk } from '../../src/disk/disk.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { CommitSink, Repository } from '../../src/repository/index.ts';
import { measuredDisk } from './open-store.ts';

/** What a tapped disk is made of. */
export interface TappedDiskOptions {
  /** Folder of the repository; intent map and spool go there too. */
  readonly folder: string;
  /** The disk's own file. */
  readonly image: string;
  readonly repository: Repository;
  /** Where commits go; the repository when left out. */
  readonly sink?: CommitSink;
}

/** A disk that is captured, and what captures it. */
export interface CapturedDisk {
  /** What is served. */
  readonly disk: WritableDisk;
  readonly capture: MachineCapture;
  /** Tells what capture did since the first image was stored. */
  readonly account: () => CaptureAccount;
}

/** What became of a capture. Plain data, fit for JSON. */
export interface CaptureAccount {
  /** Everything it was doing at one time or another. */
  readonly states: readonly string[];
  /** Gaps in the history. */
  readonly gapCount: number;
}

const waitMs = 20;

/**
 * Captures a disk as the server does, and waits until its first image is stored.
 * @param options - see TappedDiskOptions
 * @returns to be closed by closing the capture
 */
export async function captureDisk(options: TappedDiskOptions): Promise<CapturedDisk> {
  const { folder, image, repository, sink = repository } = options;
  const spoolFile = await openRandomFile(join(folder, 'spool'), { isEmptied: true });
  const spool = new Spool({ file: spoolFile, key: new Uint8Array(32), bytesMax: spoolBytesMax });
  const { machine, disk: name } = measuredDisk;
  const states = new Set<string>();
  const capture = new MachineCapture({
    ...{ machine, sink, views: repository, comparers: repository, clock: systemClock, spool },
    observer: { stateChanged: ({ state }) => states.add(state) },
  });
  const backing = await openFileDisk(image, { clock: systemClock });
  const intentFile = await openRandomFile(join(folder, 'intent'));
  const disk = await capture.addDisk({ disk: name, backing, intentFile });
  while (capture.status.state !== 'protecting') await systemClock.sleep(waitMs);
  states.clear();
  states.add('protecting');
  const account = (): CaptureAccount => ({ states: [...states], gapCount: gapCount(repository) });
  return { disk, capture, account };
}

/** The first image itself is no gap. */
function gapCount(repository: Repository): number {
  const { firstPointMicros: fromMicros = 0 } = repository.disk(measuredDisk);
  const { machine } = measuredDisk;
  return repository.timeline({ machine, fromMicros, limit: 1 }).gaps.length;
}

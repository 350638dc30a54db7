import type { Clock } from '../../base/clock.ts';
import { blockBytes } from '../../base/limits.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { intentExtentBytes } from '../../format/intent-map.ts';
import type { ViewOpener } from '../../repository/index.ts';
import type { RandomFile } from '../random-file.ts';
import { adoptDisk } from './adopt-disk.ts';
import { DiskCapture, type MachineWindow } from './disk-capture.ts';
import { type BackingStamp, IntentLog } from './intent-log.ts';
import { TapDisk } from './tap-disk.ts';
import type { TappedDisk } from './tapped-disk.ts';

/** What a tapped disk is made of. */
export interface TappedDiskParts {
  /** Name of the machine. */
  readonly machine: string;
  /** Name of the disk on it. */
  readonly disk: string;
  /** Where the data lives. */
  readonly backing: WritableDisk;
  /** Its intent map. */
  readonly intentFile: RandomFile;
  /** Looks at the backing from outside. */
  readonly stamp?: () => Promise<BackingStamp>;
  /** Whether every flush and every forced write makes a point of its own. */
  readonly cutAtEveryFlush?: boolean;
  /** Why writes were made that nobody saw; everything is then compared. */
  readonly unseenReason?: string;
  /** What is stored. */
  readonly views: ViewOpener;
  /** Both clocks. */
  readonly clock: Clock;
  /** The machine's window. */
  readonly cutter: MachineWindow;
}

const blocksPerExtent = intentExtentBytes / blockBytes;

/**
 * Takes up a disk: reads its intent map, marks what must be compared, and begins a new map that says the same.
 * @param parts - see TappedDiskParts
 * @throws NO_SPACE or IO_FAILED
 */
export async function openTappedDisk(parts: TappedDiskParts): Promise<TappedDisk> {
  const { machine, disk, backing, views, clock, cutter } = parts;
  const { sizeBytes } = backing;
  const intent = new IntentLog(parts.intentFile, sizeBytes);
  const stamp = await parts.stamp?.();
  const { unseenReason } = parts;
  const name = { machine, disk };
  const adoption = await adoptDisk({ name, sizeBytes, views, intent, stamp, unseenReason });
  await intent.begin(adoption.extents(), adoption.storedMicros);
  const now = (): { fromMicros: number; fromMs: number } => ({
    fromMicros: clock.nowMicros(),
    fromMs: clock.steadyMs(),
  });
  const capture = new DiskCapture(sizeBytes, cutter, now);
  for (const extent of adoption.extents()) {
    const first = extent * blocksPerExtent;
    capture.dirty.addBlocks(first, Math.min(first + blocksPerExtent, capture.blockCount));
  }
  const isKnownWhole = capture.dirty.count === 0 && adoption.isWhole;
  if (adoption.storedMicros > 0 && !isKnownWhole) {
    const { storedMicros, reason } = adoption;
    capture.gap = { fromMicros: storedMicros, fromMs: clock.steadyMs(), reason };
  }
  const known = isKnownWhole ? 'whole' : undefined;
  const cutAtEveryFlush = parts.cutAtEveryFlush ?? false;
  return {
    name: disk,
    tap: new TapDisk({ backing, capture, intent, machine: cutter, cutAtEveryFlush }),
    capture,
    intent,
    stamp: parts.stamp,
    announced: known,
    stored: known,
    storedMicros: adoption.storedMicros,
    progress: undefined,
    pass: undefined,
  };
}

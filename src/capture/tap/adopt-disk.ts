import type { Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { IntentMap } from '../../format/intent-map.ts';
import type { DiskName, ViewOpener } from '../../repository/index.ts';
import { newestMicros, openNewest } from '../region-compare.ts';
import type { BackingStamp, IntentLog } from './intent-log.ts';

/** What must be compared before a disk is whole, and why. */
export interface Adoption {
  /** Lists the extents that may differ from what is stored. */
  readonly extents: () => Iterable<number>;
  /** Why, in words for people. */
  readonly reason: string;
  /** Whether the newest stored commit calls the disk whole. */
  readonly isWhole: boolean;
  /** Time of the newest stored commit of the disk, 0 when nothing is stored. */
  readonly storedMicros: Micros;
}

/** What is known about a disk that is taken up. */
export interface AdoptionOptions {
  /** Machine and disk. */
  readonly name: DiskName;
  /** Size of the disk, bytes. */
  readonly sizeBytes: number;
  /** What is stored. */
  readonly views: ViewOpener;
  /** Its intent map, not yet begun. */
  readonly intent: IntentLog;
  /** The backing as it is now; undefined where nothing can be seen. */
  readonly stamp: BackingStamp | undefined;
  /** Why everything must be compared, whatever the intent map says; undefined: it need not. */
  readonly unseenReason: string | undefined;
}

/**
 * Finds out what of a disk may differ from what is stored: what its intent map says, or everything when there is any doubt.
 * @param options - see AdoptionOptions
 * @throws NO_SPACE or IO_FAILED
 */
export async function adoptDisk(options: AdoptionOptions): Promise<Adoption> {
  const map = await options.intent.read();
  const stored = await findStored(options.views, options.name);
  const all = (): Iterable<number> => extentsBelow(options.intent.extentCount);
  if (stored === undefined) {
    return { extents: all, reason: 'first image', isWhole: false, storedMicros: 0 };
  }
  const { storedMicros, isWhole } = stored;
  const doubt =
    options.unseenReason ??
    (map instanceof FormatFault ? map.message : findDoubt(map, stored, options));
  if (doubt !== undefined) return { extents: all, reason: doubt, isWhole, storedMicros };
  const { bits } = map as IntentMap;
  const extents = (): Iterable<number> => extentsBelow(options.intent.extentCount, bits);
  return { extents, reason: 'capture ended without notice', isWhole, storedMicros };
}

interface Stored {
  readonly storedMicros: Micros;
  readonly sizeBytes: number;
  readonly isWhole: boolean;
  readonly isHistoryBroken: boolean;
}

/** @returns why the map cannot be trusted; undefined when it can */
function findDoubt(map: IntentMap, stored: Stored, options: AdoptionOptions): string | undefined {
  const { header } = map;
  if (stored.isHistoryBroken) return 'commits of this machine were lost in the repository';
  if (stored.sizeBytes !== options.sizeBytes) return 'the disk was resized';
  if (stored.storedMicros < header.storedMicros) return 'the repository was set back';
  if (!header.isClean) return undefined;
  if (!stored.isWhole) return 'what is stored is not whole';
  const { stamp } = options;
  const isKnown = stamp !== undefined && header.backingBytes !== 0;
  const isSame =
    stamp?.sizeBytes === header.backingBytes && stamp.modifiedMicros === header.backingMicros;
  return isKnown && !isSame ? 'the backing was changed while it was not captured' : undefined;
}

async function findStored(views: ViewOpener, name: DiskName): Promise<Stored | undefined> {
  const view = await openNewest(views, name);
  if (view === undefined) return undefined;
  const { timeMicros, sizeBytes, isHistoryBroken = false } = view;
  await view.close();
  const isWhole = await isNewestWhole(views, name);
  return { storedMicros: timeMicros, sizeBytes, isWhole, isHistoryBroken };
}

async function isNewestWhole(views: ViewOpener, name: DiskName): Promise<boolean> {
  try {
    await (await views.openView(name, newestMicros)).close();
    return true;
  } catch (error) {
    if (isSecondwindError(error, 'POINT_IN_GAP')) return false;
    throw error;
  }
}

/** Extents in order: all, or those whose bit is set. A large disk has millions; nobody needs them at once. */
function* extentsBelow(extentCount: number, bits?: Uint8Array): Generator<number> {
  for (let extent = 0; extent < extentCount; extent++) {
    if (bits === undefined || (bits[extent >>> 3]! & (1 << (extent & 7))) !== 0) yield extent;
  }
}

import { isSecondwindError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import { BlockBitmap } from '../../disk/block-bitmap.ts';
import { findVolumes } from '../../filesystem/find-volumes.ts';
import { openFileSystem } from '../../filesystem/open-file-system.ts';
import type { NamedDisk, Volume } from '../../filesystem/volume.ts';
import type { Mount } from '../file-tree.ts';
import { type ReadVolume, systemMounts } from '../system-mounts.ts';
import { addBlocks, DiskMarks } from './disk-marks.ts';
import { areRulesEmpty, type ExclusionRules } from './exclusion-rules.ts';
import { isHibernatedSwap, isHibernatedWindows } from './hibernation.ts';
import { type MatchState, PathMatcher } from './path-matcher.ts';
import { presetPaths } from './presets.ts';
import { swapSpaceOf } from './swap-space.ts';
import { placeDoubt } from './volume-doubts.ts';
import { findVolumeExclusion } from './volume-exclusions.ts';

/** What of a disk is excluded by rules, as it stands now. */
export interface DiskExclusions {
  /** Numbers of the blocks. */
  readonly blocks: BlockBitmap;
  /** Bytes of files and swap space among them. */
  readonly fileBytes: number;
  /** Bytes that no file has. */
  readonly unallocatedBytes: number;
  /** How many files are excluded. */
  readonly fileCount: number;
  /** Why nothing is excluded on a volume, as sentences. */
  readonly notes: readonly string[];
}

/**
 * Works out which blocks of a disk at rest belong to nothing but what rules exclude. In doubt a block is not among them. The disk must
 * not change until the answer has been used.
 * @param named - the disk; paths are those that the system on it shows, or begin at the root of each volume when there is none
 * @param rules - see ExclusionRules
 * @param signal - ends it early
 * @throws IO_FAILED; the signal's reason
 */
export async function findExclusions(
  named: NamedDisk,
  rules: ExclusionRules,
  signal: AbortSignal,
): Promise<DiskExclusions> {
  const gathering = new Gathering(named, rules, signal);
  if (areRulesEmpty(rules)) return gathering.result();
  const volumes = await findVolumes([named]);
  await using closing = new AsyncDisposableStack();
  const readable: ReadVolume[] = [];
  for (const volume of volumes) {
    const fileSystem = volume.refusal === undefined ? await opened(volume, gathering) : undefined;
    if (fileSystem === undefined) continue;
    closing.defer(() => fileSystem.close());
    readable.push({ volume, fileSystem });
  }
  const sleeping = await hibernatedVolume(volumes, readable, rules);
  if (sleeping !== undefined) {
    // What the system keeps in the memory that it wakes up with may be newer than its disks.
    gathering.noteAll(`a system hibernated to ${sleeping.address}`);
    return gathering.result();
  }
  const system = await systemMounts(readable);
  for (const volume of volumes) {
    const fileSystem = readable.find((each) => each.volume === volume)?.fileSystem;
    const doubt = placeDoubt(volume, volumes);
    if (fileSystem === undefined) await gathering.addSwap(volume, doubt);
    else if (doubt !== undefined) gathering.note(volume, doubt);
    else await gathering.addVolume({ volume, fileSystem }, system);
  }
  return gathering.result();
}

/** A hibernation file that is excluded wakes nobody up. */
async function hibernatedVolume(
  volumes: readonly Volume[],
  readable: readonly ReadVolume[],
  rules: ExclusionRules,
): Promise<Volume | undefined> {
  for (const volume of volumes) {
    const fileSystem = readable.find((each) => each.volume === volume)?.fileSystem;
    if (fileSystem === undefined) {
      if (await isHibernatedSwap(volume.disk)) return volume;
    } else if (!rules.presets.includes('windows') && (await isHibernatedWindows(fileSystem))) {
      return volume;
    }
  }
  return undefined;
}

async function opened(volume: Volume, gathering: Gathering) {
  try {
    return await openFileSystem(volume.disk);
  } catch (error) {
    const isRefusal =
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE') ||
      isSecondwindError(error, 'FILE_SYSTEM_DAMAGED');
    if (!isRefusal) throw error;
    gathering.note(volume, 'it cannot be read');
    return undefined;
  }
}

/** What was found on the volumes so far. */
class Gathering {
  readonly #named: NamedDisk;
  readonly #rules: ExclusionRules;
  readonly #signal: AbortSignal;
  readonly #blocks = new BlockBitmap();
  readonly #notes: string[] = [];
  #fileBlocks = 0;
  #unallocatedBlocks = 0;
  #fileCount = 0;

  constructor(named: NamedDisk, rules: ExclusionRules, signal: AbortSignal) {
    this.#named = named;
    this.#rules = rules;
    this.#signal = signal;
  }

  note(volume: Volume, doubt: string): void {
    this.#notes.push(`nothing of ${volume.address} is excluded: ${doubt}`);
  }

  noteAll(reason: string): void {
    this.#notes.push(`nothing is excluded: ${reason}`);
  }

  /** Swap space is a system's own, so the preset of that system decides. */
  async addSwap(volume: Volume, doubt: string | undefined): Promise<void> {
    if (!this.#rules.presets.includes('linux')) return;
    const range = await swapSpaceOf(volume.disk);
    if (range === undefined) return;
    if (doubt !== undefined) {
      this.note(volume, doubt);
      return;
    }
    const marks = new DiskMarks(volume.spans);
    marks.addWhole(range);
    this.#fileBlocks += this.#add(marks.blocks, new BlockBitmap());
  }

  async addVolume(read: ReadVolume, system: readonly Mount[] | undefined): Promise<void> {
    const { volume, fileSystem } = read;
    const patterns = patternsFor(this.#rules, system);
    const isCaseIgnored = /^(ntfs|fat|exfat)/.test(fileSystem.summary.kind);
    const matcher = new PathMatcher(patterns, isCaseIgnored);
    const found = await findVolumeExclusion({
      volume,
      fileSystem,
      matcher,
      rootState: rootStateOf(read, matcher, system),
      isUnallocatedExcluded: this.#rules.isUnallocatedExcluded,
      signal: this.#signal,
    });
    if ('doubt' in found) {
      this.note(volume, found.doubt);
      return;
    }
    this.#fileBlocks += this.#add(found.files, found.kept);
    this.#unallocatedBlocks += this.#add(found.unallocated, found.kept);
    this.#fileCount += found.fileCount;
  }

  result(): DiskExclusions {
    return {
      blocks: this.#blocks,
      fileBytes: this.#fileBlocks * blockBytes,
      unallocatedBytes: this.#unallocatedBlocks * blockBytes,
      fileCount: this.#fileCount,
      notes: this.#notes,
    };
  }

  #add(added: BlockBitmap, except: BlockBitmap): number {
    const blockCount = Math.floor(this.#named.disk.sizeBytes / blockBytes);
    return addBlocks(this.#blocks, added, { except, blockCount });
  }
}

/** Noise of Linux has its place only in a Linux system; on a disk without one, a folder of the same name may be anything. */
function patternsFor(rules: ExclusionRules, system: readonly Mount[] | undefined): string[] {
  const presets = rules.presets.filter((preset) => preset !== 'linux' || isLinux(system));
  return [...rules.paths, ...presets.flatMap((preset) => presetPaths[preset])];
}

function isLinux(system: readonly Mount[] | undefined): boolean {
  return system?.some(({ path }) => path.length === 0) ?? false;
}

/**
 * Where a system shows its volumes at one tree of paths, those count, and what it does not show has no path. Windows and disks without a
 * system have a tree for each volume, which may have a letter too.
 */
function rootStateOf(
  { fileSystem }: ReadVolume,
  matcher: PathMatcher,
  system: readonly Mount[] | undefined,
): MatchState {
  const mount = system?.find((each) => each.fileSystem === fileSystem);
  if (mount === undefined) return isLinux(system) ? [] : matcher.start;
  let state = matcher.start;
  for (const name of mount.path) state = matcher.next(state, name);
  return isLinux(system) ? state : matcher.either([matcher.start, state]);
}

import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import {
  compareFileSystems,
  type PathChange,
} from '../content/file-changes/compare-file-systems.ts';
import { changedBatchFilesMax } from '../content/file-changes/limits.ts';
import type { Mount } from '../content/file-tree.ts';
import { pathText } from '../content/path-text.ts';
import type { FileStatus, Finding } from '../filesystem/file-system.ts';
import type { VolumeSpan } from '../filesystem/volume.ts';
import { volumeRanges } from '../filesystem/volume-ranges.ts';
import type { Repository } from '../repository/index.ts';
import type { FileChangeReport } from './change-report.ts';
import { fileMoment } from './describe-file.ts';
import type { BatchAction } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTree } from './opened-trees.ts';

/** Damages that one comparison tells of. */
const findingNotesMax = 100;

/** What a comparison needs. */
export interface TreeComparisonParts {
  /** The files at the earlier moment. */
  readonly earlier: OpenedTree;
  /** The files of the same place at the later moment. */
  readonly later: OpenedTree;
  /** Tells whether anything changed. */
  readonly repository: Repository;
  /** Takes what is found. */
  readonly action: BatchAction<readonly FileChangeReport[]>;
}

/** A volume at both moments. */
interface MountPair {
  readonly earlier: Mount;
  readonly later: Mount;
}

/** What is asked for, as it was called at each moment; undefined where it was not there. */
interface Scope {
  readonly earlier: readonly string[] | undefined;
  readonly later: readonly string[] | undefined;
}

/** Compares the files of a place at two moments, volume by volume. */
export class TreeComparison {
  readonly #parts: TreeComparisonParts;
  readonly #notes: Set<string>;
  #nameCount = 0;

  /** @param parts - see TreeComparisonParts */
  constructor(parts: TreeComparisonParts) {
    this.#parts = parts;
    this.#notes = new Set([...parts.earlier.notes, ...parts.later.notes]);
  }

  /** What a person should know, each once. */
  get notes(): readonly string[] {
    return [...this.#notes];
  }

  /**
   * Tells every change at and below a path.
   * @param path - "/" for all
   * @returns how many there are
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY when it was there at neither moment, CANNOT_LOOK_INSIDE, LIMIT_EXCEEDED, FILE_SYSTEM_DAMAGED
   */
  async run(path: string): Promise<number> {
    const scope = await this.#scopeOf(path);
    let count = 0;
    for (const pair of this.#pairs()) {
      if (!(await this.#isWorthwhile(pair, scope))) continue;
      count += await this.#compare(pair, scope);
    }
    return count;
  }

  async #scopeOf(path: string): Promise<Scope> {
    const earlier = await pathIn(this.#parts.earlier, path);
    const later = await pathIn(this.#parts.later, path);
    if (earlier instanceof SecondwindError && later instanceof SecondwindError) throw later;
    return {
      earlier: earlier instanceof SecondwindError ? undefined : earlier,
      later: later instanceof SecondwindError ? undefined : later,
    };
  }

  /** Volumes that both moments show, by their address; of the others a note is taken. */
  #pairs(): MountPair[] {
    const { earlier, later } = this.#parts;
    const before = new Map(earlier.tree.mounts.map((mount) => [mount.volume, mount]));
    const after = new Map(later.tree.mounts.map((mount) => [mount.volume, mount]));
    for (const volume of new Set([...before.keys(), ...after.keys()])) {
      if (before.has(volume) && after.has(volume)) continue;
      const missing = before.has(volume) ? later : earlier;
      this.#notes.add(
        `${volume} was not compared: it is not among the files as they stood at ${isoMoment(missing.askedMicros)}`,
      );
    }
    return [...after.values()].flatMap((mount) => {
      const same = before.get(mount.volume);
      return same === undefined ? [] : [{ earlier: same, later: mount }];
    });
  }

  async #isWorthwhile(pair: MountPair, scope: Scope): Promise<boolean> {
    const isInScope =
      mayHold(pair.earlier.path, scope.earlier) || mayHold(pair.later.path, scope.later);
    return isInScope && (await this.#isChanged(pair.later.volume));
  }

  /** Whether any block of a volume is stored anew; also when it lies elsewhere now. */
  async #isChanged(address: string): Promise<boolean> {
    const { earlier, later, repository } = this.#parts;
    const spans = spansOf(later, address);
    if (JSON.stringify(spansOf(earlier, address)) !== JSON.stringify(spans)) return true;
    for (const disk of new Set(spans.flatMap(({ stripes }) => stripes.map((each) => each.disk)))) {
      const name = { machine: later.place.machine, disk };
      const ranges = repository.changedRanges(name, earlier.askedMicros, later.askedMicros);
      for await (const range of ranges) {
        for (const _range of volumeRanges(spans, disk, range)) return true;
      }
    }
    return false;
  }

  async #compare(pair: MountPair, scope: Scope): Promise<number> {
    const changes = compareFileSystems(
      { fileSystem: pair.earlier.fileSystem, onFinding: this.#hears(pair, 'earlier') },
      { fileSystem: pair.later.fileSystem, onFinding: this.#hears(pair, 'later') },
      { onNames: (count) => this.#progress(pair, count), signal: this.#parts.action.signal },
    );
    let count = 0;
    let batch: FileChangeReport[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.#parts.action.emit(batch);
      count += batch.length;
      batch = [];
    };
    for await (const change of changes) {
      const report = this.#reportOf(change, pair, scope);
      if (report !== undefined) batch.push(report);
      if (batch.length >= changedBatchFilesMax) await flush();
    }
    await flush();
    return count;
  }

  /** @returns undefined for what was not asked for, or is hidden by another volume */
  #reportOf(found: PathChange, pair: MountPair, scope: Scope): FileChangeReport | undefined {
    const { change, status, isChanged } = found;
    const moment = change === 'deleted' ? 'earlier' : 'later';
    const path = this.#shownPath(pair, moment, found);
    const previousPath =
      found.previousPath === undefined
        ? undefined
        : this.#shownPath(pair, 'earlier', { path: found.previousPath, status });
    const isWanted =
      (path !== undefined && isAtOrBelow(path, scope[moment])) ||
      (previousPath !== undefined && isAtOrBelow(previousPath, scope.earlier));
    if (!isWanted) return undefined;
    return {
      change,
      path: pathText(path ?? []),
      ...(previousPath === undefined ? {} : { previousPath: pathText(previousPath) }),
      ...(isChanged === undefined ? {} : { isChanged }),
      kind: status.kind,
      sizeBytes: status.sizeBytes,
      modified: fileMoment(status.modifiedMicros),
    };
  }

  #shownPath(
    pair: MountPair,
    moment: keyof MountPair,
    { path, status }: { readonly path: readonly string[]; readonly status: FileStatus },
  ): readonly string[] | undefined {
    const whole = [...pair[moment].path, ...path];
    const { mount } = this.#parts[moment].tree.placeAgain({ path: whole, status });
    return mount === pair[moment] ? whole : undefined;
  }

  #hears(pair: MountPair, moment: keyof MountPair): (finding: Finding) => void {
    const { volume } = pair[moment];
    const at = isoMoment(this.#parts[moment].askedMicros);
    return ({ severity, structure, reason }) => {
      if (severity !== 'damage' || this.#notes.size >= findingNotesMax) return;
      this.#notes.add(`${volume} at ${at}: ${structure}: ${reason}; files may be missing`);
    };
  }

  #progress({ later }: MountPair, count: number): void {
    this.#nameCount += count;
    const phase = `Comparing the files of ${later.volume}`;
    this.#parts.action.progress({ phase, done: this.#nameCount, total: 0, unit: 'names' });
  }
}

async function pathIn(
  { tree }: OpenedTree,
  path: string,
): Promise<readonly string[] | SecondwindError> {
  try {
    return (await tree.resolve(path)).path;
  } catch (error) {
    const isMissing =
      isSecondwindError(error, 'NO_SUCH_FILE') || isSecondwindError(error, 'NOT_A_DIRECTORY');
    if (!isMissing) throw error;
    return error;
  }
}

function spansOf({ volumes }: OpenedTree, address: string): readonly VolumeSpan[] {
  return volumes.find(({ volume }) => volume.address === address)?.volume.spans ?? [];
}

/** Whether a volume shown at one path may hold something at or below another. */
function mayHold(mount: readonly string[], scope: readonly string[] | undefined): boolean {
  if (scope === undefined) return false;
  return isAtOrBelow(mount, scope) || isAtOrBelow(scope, mount);
}

function isAtOrBelow(path: readonly string[], top: readonly string[] | undefined): boolean {
  return top !== undefined && top.every((component, index) => path[index] === component);
}

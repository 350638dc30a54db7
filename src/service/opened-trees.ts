import type { Micros } from '../base/clock.ts';
import { openedTreesMax } from '../base/limits.ts';
import type { FileTree } from '../content/file-tree.ts';
import type { Repository } from '../repository/index.ts';
import { type FilePlace, findFilePlace } from './file-place.ts';
import type { MomentFinder } from './moment-finder.ts';
import type { AskedMoment } from './moments.ts';
import { closeViews, type OpenedViews, openPlaceViews } from './open-place-views.ts';
import { type OpenedVolume, openVolumes, treeOf } from './open-volumes.ts';

/** The files of a machine, disk or volume as they stood at a moment. */
export interface OpenedTree {
  /** What was asked for. */
  readonly place: FilePlace;
  /** The tree of its paths. */
  readonly tree: FileTree;
  /** What it is made of. */
  readonly volumes: readonly OpenedVolume[];
  /** The moment asked for. */
  readonly askedMicros: Micros;
  /** The newest commit it shows. */
  readonly pointMicros: Micros;
  /** What a person should know: a disk that cannot be read at that moment. */
  readonly notes: readonly string[];
}

interface Slot {
  readonly opening: Promise<OpenedTree & { readonly close: () => Promise<void> }>;
  users: number;
}

/**
 * Trees of file systems that are open. Every question about files comes through here: the last few trees stay open, so that
 * the next question about the same moment finds its metadata in memory.
 */
export class OpenedTrees {
  readonly #repository: Repository;
  readonly #moments: MomentFinder;
  /** By place and points, the least recently used first. */
  readonly #slots = new Map<string, Slot>();

  /**
   * @param repository - whose disks
   * @param moments - understands which moment is meant
   */
  constructor(repository: Repository, moments: MomentFinder) {
    this.#repository = repository;
    this.#moments = moments;
  }

  /**
   * Opens the files of a place at a moment for one use.
   * @param where - see findFilePlace
   * @param at - the moment
   * @param use - what is done with them; they stay open until it ends
   * @throws USAGE, UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP, TIME_IN_FUTURE, TIME_NOT_UNDERSTOOD; NOT_FOUND when there is no
   *   such volume, CANNOT_LOOK_INSIDE, FILE_SYSTEM_DAMAGED; what `use` throws
   */
  async use<Answer>(
    where: string,
    at: AskedMoment,
    use: (opened: OpenedTree) => Promise<Answer>,
  ): Promise<Answer> {
    const place = findFilePlace(where, this.#repository.disks());
    const askedMicros = await this.#moments.find(
      { machine: place.machine, disk: place.disks[0]! },
      at,
    );
    const slot = await this.#take(place, askedMicros);
    try {
      return await use({ ...(await slot.opening), place, askedMicros });
    } finally {
      slot.users -= 1;
      await this.#evict();
    }
  }

  /** Closes all. Nobody may be using them. */
  async closeAll(): Promise<void> {
    for (const [key, slot] of this.#slots) await this.#end(key, slot);
  }

  async #take(place: FilePlace, askedMicros: Micros): Promise<Slot> {
    const views = await openPlaceViews(this.#repository, place, askedMicros);
    const points = views.opened.map(({ name, timeMicros }) => `${name.disk}@${timeMicros}`);
    const key = [place.machine, place.volume ?? '', ...points].join('\0');
    const known = this.#slots.get(key);
    const slot = known ?? { opening: open(place, askedMicros, views), users: 0 };
    slot.users += 1;
    if (known !== undefined) await closeViews(views.opened);
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    // What failed to open is tried again by whoever asks next.
    slot.opening.catch(() => this.#slots.delete(key));
    return slot;
  }

  async #evict(): Promise<void> {
    for (const [key, slot] of this.#slots) {
      if (this.#slots.size <= openedTreesMax) return;
      if (slot.users === 0) await this.#end(key, slot);
    }
  }

  async #end(key: string, slot: Slot): Promise<void> {
    this.#slots.delete(key);
    const opened = await slot.opening.catch(() => undefined);
    await opened?.close();
  }
}

async function open(
  place: FilePlace,
  askedMicros: Micros,
  views: OpenedViews,
): Promise<OpenedTree & { readonly close: () => Promise<void> }> {
  const closing = new AsyncDisposableStack();
  try {
    closing.defer(() => closeViews(views.opened));
    const volumes = await openVolumes(place, views.opened);
    for (const { fileSystem } of volumes) closing.defer(async () => fileSystem?.close());
    const { tree, notes } = await treeOf(place, volumes);
    return {
      place,
      tree,
      volumes,
      askedMicros,
      pointMicros: Math.max(...views.opened.map(({ timeMicros }) => timeMicros)),
      notes: [...views.notes, ...notes],
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

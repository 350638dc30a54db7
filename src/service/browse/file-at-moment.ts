import type { Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import type { FileTree, TreePlace } from '../../content/file-tree.ts';
import { pathText } from '../../content/path-text.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileAttribute, FileStatus } from '../../filesystem/file-system.ts';
import { notADirectory, notAFile } from '../../filesystem/refusals.ts';
import type { ServedEntry, ServedFile, ServedStatus } from '../../filesystem/served-tree.ts';
import { isoMoment } from '../moments.ts';
import type { OpenedTrees } from '../opened-trees.ts';
import { leaseContent } from './leased-content.ts';

/** A machine at a moment, whose files are shown. */
export interface MachineMoment {
  readonly trees: OpenedTrees;
  /** The machine. */
  readonly machine: string;
  /** The moment. */
  readonly micros: Micros;
}

/** A file of a machine as it stood. It holds nothing open but its own place: the trees are opened for each question, and mostly are still there. */
export class FileAtMoment implements ServedFile {
  /** See ServedFile. */
  readonly key: string;
  /** See ServedFile. */
  readonly isLive = false;
  readonly #moment: MachineMoment;
  readonly #place: Pick<TreePlace, 'path' | 'status'>;

  private constructor(moment: MachineMoment, place: TreePlace) {
    this.#moment = moment;
    this.#place = { path: place.path, status: place.status };
    // What is in no file system has no identity of its own, and is known by its path.
    const file =
      place.mount === undefined ? pathText(place.path) : `${place.mount.volume}:${place.status.id}`;
    this.key = `${moment.machine}@${moment.micros}/${file}`;
  }

  /**
   * The root of a machine as it stood.
   * @param moment - which
   * @throws as OpenedTrees.use
   */
  static async root(moment: MachineMoment): Promise<FileAtMoment> {
    return useTree(moment, async (tree) => new FileAtMoment(moment, await tree.root()));
  }

  /** @inheritdoc */
  status(): ServedStatus {
    return servedStatus(this.#place.status);
  }

  /** @inheritdoc */
  async find(name: string): Promise<FileAtMoment | undefined> {
    if (this.#place.status.kind !== 'directory') throw notADirectory(this.#asked);
    try {
      return await this.#use(async (tree, place) => {
        const child = await tree.child(place, name, pathText([...place.path, name]));
        return new FileAtMoment(this.#moment, child);
      });
    } catch (error) {
      if (isSecondwindError(error, 'NO_SUCH_FILE')) return undefined;
      throw error;
    }
  }

  /** @inheritdoc */
  async *list(): AsyncGenerator<readonly ServedEntry[]> {
    if (this.#place.status.kind !== 'directory') throw notADirectory(this.#asked);
    const batches = await this.#use(async (tree, place) => {
      const found: ServedEntry[][] = [];
      // A name whose file is damaged is listed all the same: who asks for it is told what is wrong.
      const damaged: ServedEntry[] = [];
      const onDamage = (name: string): void => void damaged.push({ name, kind: 'other' });
      for await (const batch of tree.list(place, onDamage)) {
        found.push(batch.map(({ name, status }) => ({ name, kind: status.kind })));
      }
      return [...found, damaged];
    });
    yield* batches.map((batch) => batch.filter(({ name }) => isServable(name)));
  }

  /** @inheritdoc */
  open(): Promise<ReadableDisk> {
    return leaseContent((use) =>
      this.#use(async (_, { mount, status }) => {
        if (mount === undefined) throw notAFile(this.#asked);
        await use(await mount.fileSystem.open(status.id));
      }),
    );
  }

  /** @inheritdoc */
  readLink(): Promise<string> {
    return this.#use(async (_, { mount, status }) => {
      if (mount === undefined) throw notAFile(this.#asked);
      return mount.fileSystem.readLink(status.id);
    });
  }

  /** @inheritdoc */
  attributes(): Promise<readonly FileAttribute[]> {
    return this.#use(
      async (_, { mount, status }) => (await mount?.fileSystem.attributes(status.id)) ?? [],
    );
  }

  get #asked(): { readonly path: string; readonly where: string } {
    return { path: pathText(this.#place.path), where: this.#moment.machine };
  }

  /** Finds the place again in the tree, which may have been opened anew meanwhile. */
  #use<Answer>(action: (tree: FileTree, place: TreePlace) => Promise<Answer>): Promise<Answer> {
    return useTree(this.#moment, (tree) => action(tree, tree.placeAgain(this.#place)));
  }
}

function useTree<Answer>(
  { trees, machine, micros }: MachineMoment,
  use: (tree: FileTree) => Promise<Answer>,
): Promise<Answer> {
  return trees.use(machine, isoMoment(micros), ({ tree }) => use(tree));
}

/** Names that no path can hold are hidden: nobody could ask for them. */
function isServable(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\0/]/.test(name);
}

/** Where a file system has no owners or modes, everybody may read. */
function servedStatus(status: FileStatus): ServedStatus {
  const { kind, sizeBytes, allocatedBytes, linkCount, modifiedMicros, device } = status;
  return {
    ...{ kind, sizeBytes, allocatedBytes, linkCount, modifiedMicros, device },
    mode: status.mode ?? (kind === 'directory' ? 0o555 : 0o444),
    uid: status.uid ?? 0,
    gid: status.gid ?? 0,
    changedMicros: status.changedMicros ?? modifiedMicros,
    accessedMicros: status.accessedMicros ?? modifiedMicros,
  };
}

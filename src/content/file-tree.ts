import { isSecondwindError, type SecondwindError } from '../base/errors.ts';
import { symbolicLinksMax } from '../base/limits.ts';
import type { Awaitable } from '../disk/disk.ts';
import type { DirectoryEntry, FileStatus, FileSystem } from '../filesystem/file-system.ts';
import { cannotLookInside, noSuchFile, notADirectory } from '../filesystem/refusals.ts';
import { linkComponents, pathComponents, pathText } from './path-text.ts';

/** A file system at its place in a tree. */
export interface Mount {
  /** Components of the path that shows its root; none for the root of the tree. */
  readonly path: readonly string[];
  readonly fileSystem: FileSystem;
  /** Name of its volume: "root/1", "vg0/home". */
  readonly volume: string;
}

/** Where a path led. */
export interface TreePlace {
  /** The path without links in it, "." and "..". */
  readonly path: readonly string[];
  /** What is there. */
  readonly status: FileStatus;
  /** The file system it lies in; undefined for a directory that is only there to hold others. */
  readonly mount: Mount | undefined;
}

/** What a tree is made of. */
export interface FileTreeParts {
  /** How people call it: "db1", "db1/root/1". */
  readonly name: string;
  /** What is where; at most one at each path. */
  readonly mounts: readonly Mount[];
  /** Where absolute links begin: at the root of the tree (a machine's own paths), or of the file system they lie in. */
  readonly linksBeginAt: 'tree' | 'mount';
}

/** A name in a directory of a tree, and what it names. */
export interface TreeEntry {
  /** The name: hostile text. */
  readonly name: string;
  readonly status: FileStatus;
}

interface LeadOptions {
  readonly isLinkWanted?: boolean;
  /** Path for errors. */
  readonly asked: string;
  readonly visited?: TreePlace[];
}

/** Told of a file that is damaged, and how. */
export type DamageListener = (name: string, damage: SecondwindError) => void;

/** Entries given out at once. */
const batchEntries = 1024;

/**
 * File systems put together to one tree of paths, as the machine itself shows them. Links are followed within the tree only,
 * and mounts hide what lies below them.
 */
export class FileTree {
  /** How people call it. */
  readonly name: string;
  /** What it is made of. */
  readonly mounts: readonly Mount[];
  readonly #mountsByPath: ReadonlyMap<string, Mount>;
  /** Directories that hold mounts, with the names they must show. */
  readonly #held = new Map<string, Set<string>>();
  readonly #linksBeginAt: 'tree' | 'mount';

  /** @param parts - see FileTreeParts */
  constructor({ name, mounts, linksBeginAt }: FileTreeParts) {
    this.name = name;
    this.mounts = mounts;
    this.#linksBeginAt = linksBeginAt;
    this.#mountsByPath = new Map(mounts.map((mount) => [keyOf(mount.path), mount]));
    for (const { path } of mounts) this.#hold(path);
  }

  /** The root of the tree. */
  root(): Awaitable<TreePlace> {
    return this.#placeAt([]) ?? emptyPlace([]);
  }

  /**
   * Finds what a path names.
   * @param path - as people write it, "/" between components; hostile
   * @param options - `isLinkWanted`: a link at the end is not followed; `visited`: gets every directory, link and file that the
   *   answer depends on, also when there is none
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY, CANNOT_LOOK_INSIDE when links lead in circles, FILE_SYSTEM_DAMAGED
   */
  async resolve(
    path: string,
    options: { readonly isLinkWanted?: boolean; readonly visited?: TreePlace[] } = {},
  ): Promise<TreePlace> {
    const root = await this.root();
    options.visited?.push(root);
    return this.#lead([root], pathComponents(path), { ...options, asked: path });
  }

  /**
   * Finds what a link leads to.
   * @param link - a place whose kind is a link; its path must be one that `list` and `child` led to
   * @throws as resolve
   */
  async follow(link: TreePlace): Promise<TreePlace> {
    const trail: [TreePlace, ...TreePlace[]] = [await this.root()];
    const asked = pathText(link.path);
    for (const name of link.path.slice(0, -1))
      trail.push(await this.child(trail.at(-1)!, name, asked));
    return this.#lead(trail, [link.path.at(-1)!], { isLinkWanted: false, asked });
  }

  /** Goes on from the end of a trail, which is changed on the way. */
  async #lead(
    trail: [TreePlace, ...TreePlace[]],
    components: readonly string[],
    { isLinkWanted = false, asked, visited }: LeadOptions,
  ): Promise<TreePlace> {
    const pending = components.toReversed();
    for (let links = 0; pending.length > 0; ) {
      const name = pending.pop()!;
      if (name === '..') {
        if (trail.length > 1) trail.pop();
        continue;
      }
      const next = await this.child(trail.at(-1)!, name, asked);
      visited?.push(next);
      if (next.status.kind !== 'link' || (pending.length === 0 && isLinkWanted)) {
        trail.push(next);
        continue;
      }
      links += 1;
      if (links > symbolicLinksMax) throw cannotLookInside(asked, 'its links lead in circles');
      const target = linkComponents(await next.mount!.fileSystem.readLink(next.status.id));
      if (target.isAbsolute) trail.length = this.#linkStart(trail, next);
      pending.push(...target.components.reverse());
    }
    return trail.at(-1)!;
  }

  /**
   * Finds one name in a directory; a link is not followed.
   * @param directory - where
   * @param name - one component
   * @param asked - path for errors
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY, FILE_SYSTEM_DAMAGED
   */
  async child(directory: TreePlace, name: string, asked: string): Promise<TreePlace> {
    const where = this.name;
    if (directory.status.kind !== 'directory') throw notADirectory({ path: asked, where });
    const held = await this.#placeAt([...directory.path, mountName(name)]);
    if (held !== undefined) return held;
    const { mount, status } = directory;
    const entry = await mount?.fileSystem.find(status.id, name);
    if (entry === undefined) {
      const path = [...directory.path, name];
      if (this.#held.has(keyOf(path))) return emptyPlace(path);
      throw noSuchFile({ path: asked, where });
    }
    const found = await mount!.fileSystem.status(entry.id);
    return { path: [...directory.path, entry.name], status: found, mount };
  }

  /**
   * Lists a directory in batches, in the order in which its names lie; what is mounted there comes last.
   * @param directory - where
   * @param onDamage - told of names whose file is damaged, which are then left out
   * @throws NOT_A_DIRECTORY, FILE_SYSTEM_DAMAGED
   */
  async *list(
    directory: TreePlace,
    onDamage: DamageListener = rethrow,
  ): AsyncGenerator<readonly TreeEntry[]> {
    const { mount, status, path } = directory;
    if (status.kind !== 'directory') {
      throw notADirectory({ path: pathText(path), where: this.name });
    }
    const held = new Set(this.#held.get(keyOf(path)));
    if (mount !== undefined) {
      for await (const names of mount.fileSystem.list(status.id)) {
        const own =
          held.size === 0 ? names : names.filter((entry) => this.#isOwn(path, entry, held));
        yield* describe(mount.fileSystem, own, onDamage);
      }
    }
    if (held.size === 0) return;
    const below = await Promise.all([...held].map((name) => this.#heldPlace([...path, name])));
    yield below.map((place) => ({ name: place.path.at(-1)!, status: place.status }));
  }

  /**
   * The place of an entry that `list` gave out.
   * @param directory - that was listed
   * @param entry - from the listing
   */
  placeOf(directory: TreePlace, { name, status }: TreeEntry): TreePlace {
    const path = [...directory.path, name];
    const held = this.#held.size === 0 ? undefined : this.#mountsByPath.get(keyOf(path));
    // Only a directory that is in no file system has no identity.
    return { path, status, mount: held ?? (status.id === '' ? undefined : directory.mount) };
  }

  /**
   * A place that was found in a tree of the same volumes at the same moment, which may have been closed since.
   * @param place - its path without links, and what was there
   */
  placeAgain({ path, status }: Pick<TreePlace, 'path' | 'status'>): TreePlace {
    for (let length = path.length; status.id !== '' && length >= 0; length -= 1) {
      const mount = this.#mountsByPath.get(keyOf(path.slice(0, length)));
      if (mount !== undefined) return { path, status, mount };
    }
    return { path, status, mount: undefined };
  }

  /** What is mounted on a name is shown instead of it; a directory on the way to a mount shows itself. */
  #isOwn(path: readonly string[], { name }: DirectoryEntry, held: Set<string>): boolean {
    if (this.#mountsByPath.has(keyOf([...path, mountName(name)]))) return false;
    held.delete(name);
    return true;
  }

  async #heldPlace(path: readonly string[]): Promise<TreePlace> {
    return this.#placeAt(path) ?? emptyPlace(path);
  }

  /** The root of what is mounted at a path. */
  #placeAt(path: readonly string[]): Promise<TreePlace> | undefined {
    const mount = this.#mountsByPath.get(keyOf(path));
    return mount === undefined ? undefined : rootOf(mount);
  }

  /** How much of a trail an absolute link keeps. */
  #linkStart(trail: readonly TreePlace[], link: TreePlace): number {
    if (this.#linksBeginAt === 'tree') return 1;
    return Math.max(1, trail.findIndex((place) => place.mount === link.mount) + 1);
  }

  #hold(path: readonly string[]): void {
    for (let length = path.length; length > 0; length -= 1) {
      const above = keyOf(path.slice(0, length - 1));
      const names = this.#held.get(above) ?? new Set();
      names.add(path[length - 1]!);
      this.#held.set(above, names);
    }
  }
}

async function* describe(
  fileSystem: FileSystem,
  names: readonly DirectoryEntry[],
  onDamage: DamageListener,
): AsyncGenerator<readonly TreeEntry[]> {
  for (let start = 0; start < names.length; start += batchEntries) {
    const batch: TreeEntry[] = [];
    for (const { name, id } of names.slice(start, start + batchEntries)) {
      try {
        const found = fileSystem.status(id);
        batch.push({ name, status: found instanceof Promise ? await found : found });
      } catch (error) {
        if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
        onDamage(name, error);
      }
    }
    yield batch;
  }
}

function rethrow(_name: string, damage: SecondwindError): never {
  throw damage;
}

async function rootOf(mount: Mount): Promise<TreePlace> {
  const status = await mount.fileSystem.status(mount.fileSystem.root);
  return { path: mount.path, status, mount };
}

/** NUL is the one character that no name of any file system holds. */
function keyOf(path: readonly string[]): string {
  return path.join('\0');
}

/** Windows does not care how a drive letter is written. */
function mountName(name: string): string {
  return /^[a-z]:$/.test(name) ? name.toUpperCase() : name;
}

/** A directory that is in no file system. */
function emptyPlace(path: readonly string[]): TreePlace {
  const sizes = { sizeBytes: 0, allocatedBytes: 0, linkCount: 1, generation: 0 };
  const status: FileStatus = { id: '', kind: 'directory', ...sizes, modifiedMicros: 0, flags: [] };
  return { path, status, mount: undefined };
}

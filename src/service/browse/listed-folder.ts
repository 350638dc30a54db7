import type { Micros } from '../../base/clock.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { notAFile } from '../../filesystem/refusals.ts';
import type { ServedEntry, ServedFile, ServedStatus } from '../../filesystem/served-tree.ts';

/** What a folder is made of. */
export interface ListedFolderParts {
  /** See ServedFile. */
  readonly key: string;
  /** Whether it may hold other names later. */
  readonly isLive: boolean;
  /** Shown as its time. */
  readonly modifiedMicros: Micros;
  /** Lists its names. */
  readonly list: () => AsyncIterable<readonly ServedEntry[]>;
  /** Finds a name; one that is not listed may be found too. */
  readonly find: (name: string) => Promise<ServedFile | undefined>;
}

/** A folder that is on no disk: it is there to lead to others. */
export class ListedFolder implements ServedFile {
  readonly #parts: ListedFolderParts;

  /** @param parts - see ListedFolderParts */
  constructor(parts: ListedFolderParts) {
    this.#parts = parts;
  }

  /** See ServedFile. */
  get key(): string {
    return this.#parts.key;
  }

  /** See ServedFile. */
  get isLive(): boolean {
    return this.#parts.isLive;
  }

  /** @inheritdoc */
  status(): ServedStatus {
    const { modifiedMicros } = this.#parts;
    return {
      ...{ kind: 'directory', sizeBytes: 0, allocatedBytes: 0, linkCount: 1 },
      ...{ mode: 0o555, uid: 0, gid: 0 },
      ...{ modifiedMicros, changedMicros: modifiedMicros, accessedMicros: modifiedMicros },
    };
  }

  /** @inheritdoc */
  find(name: string): Promise<ServedFile | undefined> {
    return this.#parts.find(name);
  }

  /** @inheritdoc */
  list(): AsyncIterable<readonly ServedEntry[]> {
    return this.#parts.list();
  }

  /** @inheritdoc */
  open(): Promise<ReadableDisk> {
    return Promise.reject(notAFile({ path: this.key, where: 'the mount' }));
  }

  /** @inheritdoc */
  readLink(): string {
    throw notAFile({ path: this.key, where: 'the mount' });
  }

  /** @inheritdoc */
  attributes(): readonly [] {
    return [];
  }
}

/**
 * Entries of folders by their names.
 * @param names - any
 */
export function folderEntries(names: readonly string[]): readonly ServedEntry[] {
  return names.map((name) => ({ name, kind: 'directory' }));
}

import { findingOf } from '../damage.ts';
import type { Finding, WalkedFile } from '../file-system.ts';
import { directoryDepthMax } from '../limits.ts';
import { decodeName } from '../name-text.ts';
import { ExtDirectory } from './directory.ts';
import type { ExtVolume } from './ext-volume.ts';
import { statusOf } from './file-status.ts';
import { type ExtInode, modeKindMask, modeKinds } from './inode.ts';
import { batchMax, walkNamesMax } from './limits.ts';
import { NumberSet } from './number-set.ts';

/** A name that was read, and whose inode is still to be read. */
interface GatheredName {
  readonly parent: number;
  readonly inode: number;
  readonly name: string;
}

const rootInode = 2;

/**
 * Walks a whole file system, one level of directories after the other: the names of many directories are gathered, then their inodes are
 * read in the order in which they lie. What is remembered is bounded: the names gathered, the directories of a level, and one bit for
 * each directory.
 */
export class ExtWalk {
  readonly #volume: ExtVolume;
  readonly #onFinding: (finding: Finding) => void;
  readonly #seen = new NumberSet();
  #gathered: GatheredName[] = [];
  #below: number[] = [];
  /** Blocks of directories that may still be read: no more than the volume has, however often each is claimed. */
  #blocksLeft: number;

  /**
   * @param volume - to be walked
   * @param onFinding - hears what could not be read
   */
  constructor(volume: ExtVolume, onFinding: (finding: Finding) => void) {
    this.#volume = volume;
    this.#onFinding = onFinding;
    this.#blocksLeft = volume.blockCount;
  }

  /** Every name but the root's, with the status of its file, in batches. */
  async *files(): AsyncGenerator<readonly WalkedFile[]> {
    this.#seen.add(rootInode);
    let directories = [rootInode];
    for (let depth = 0; directories.length > 0; depth += 1) {
      if (depth > directoryDepthMax) {
        this.#find(directories[0]!, `it lies more than ${directoryDepthMax} directories deep`);
        return;
      }
      this.#below = [];
      for (const number of directories) {
        await this.#gather(number);
        if (this.#gathered.length >= walkNamesMax) yield* this.#join();
      }
      yield* this.#join();
      directories = this.#below;
    }
  }

  async #gather(number: number): Promise<void> {
    try {
      const found = this.#volume.inode(number);
      const directory = new ExtDirectory(
        this.#volume,
        found instanceof Promise ? await found : found,
      );
      for await (const entries of directory.entries((error) => this.#report(error, number))) {
        this.#blocksLeft -= 1;
        if (this.#blocksLeft < 0) {
          this.#find(number, 'the directories have more blocks than the volume');
          return;
        }
        for (const { inode, name } of entries) {
          this.#gathered.push({ parent: number, inode, name: decodeName(name) });
        }
      }
    } catch (error) {
      this.#report(error, number);
    }
  }

  /** Reads the inodes of the names gathered. */
  async *#join(): AsyncGenerator<readonly WalkedFile[]> {
    const names = this.#gathered.sort((left, right) => left.inode - right.inode);
    this.#gathered = [];
    let batch: WalkedFile[] = [];
    for (const name of names) {
      const found = this.#inodeOf(name);
      const inode = found instanceof Promise ? await found : found;
      if (inode === undefined) continue;
      batch.push({
        parent: String(name.parent),
        name: name.name,
        status: statusOf(this.#volume.superblock, inode),
      });
      if (batch.length < batchMax) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  #inodeOf(name: GatheredName): ExtInode | undefined | Promise<ExtInode | undefined> {
    if (name.inode > this.#volume.superblock.inodeCount) {
      this.#find(name.parent, `it names inode ${name.inode}, which does not exist`);
      return undefined;
    }
    try {
      const inode = this.#volume.inode(name.inode);
      if (!(inode instanceof Promise)) return this.#met(inode, name);
      return inode.then(
        (found) => this.#met(found, name),
        (error: unknown) => {
          this.#report(error, name.inode);
          return undefined;
        },
      );
    } catch (error) {
      this.#report(error, name.inode);
      return undefined;
    }
  }

  /** A directory is gone down into once, whatever number of names it has. */
  #met(inode: ExtInode, { parent }: GatheredName): ExtInode | undefined {
    if (inode.mode === 0) {
      this.#find(parent, `it names inode ${inode.number}, which is not in use`);
      return undefined;
    }
    if ((inode.mode & modeKindMask) === modeKinds.directory) {
      if (this.#seen.add(inode.number)) this.#below.push(inode.number);
      else this.#find(inode.number, 'it has more than one name');
    }
    return inode;
  }

  #report(error: unknown, number: number): void {
    this.#onFinding(findingOf(error, `inode ${number}`));
  }

  #find(directory: number, reason: string): void {
    this.#onFinding({ severity: 'damage', structure: `inode ${directory}, directory`, reason });
  }
}

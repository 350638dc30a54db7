import { u32le, u64le } from '../../integers.ts';
import { decodeFileExtent } from '../file-extent.ts';
import { itemTypes } from '../key.ts';
import type { NamedItem } from '../named-item.ts';
import {
  decodeExtendedReferences,
  decodeReferences,
  type InodeReference,
} from '../reference-item.ts';
import type { BtrfsTree, TreeItem } from '../tree.ts';
import { dropExtents } from './drop-extents.ts';
import { type EditedTree, isSame, itemsOf, type Link, namesIn } from './edited-tree.ts';

const inodeAt = { generation: 0, sizeBytes: 16, linkCount: 40, mode: 52 };
const modeKind = { mask: 0xf, shift: 12, directory: 4, file: 8 };

const kindOf = (inode: Uint8Array): number =>
  (u32le(inode, inodeAt.mode) >>> modeKind.shift) & modeKind.mask;

/**
 * Brings what was synced since the last commit into one subvolume, as a mount does: inodes first, then names that directories tell of, then
 * content, attributes and the names that inodes tell of; last the counts that depend on all of these.
 * @source Linux fs/btrfs/tree-log.c, replay_one_buffer and what it calls
 */
export class SubvolumeLog {
  readonly #edited: EditedTree;
  readonly #log: BtrfsTree;
  /** Files without a name, of which the log tells nothing that matters. */
  readonly #ignored = new Set<number>();
  /** Whose names may have changed. */
  readonly #touched = new Set<number>();
  /** Names of inodes in the log, by inode. */
  readonly #logged = new Map<number, ReadonlySet<string>>();
  /** Inode and directory of which old names were taken away. */
  readonly #cleaned = new Set<string>();
  /** In which names may have changed. */
  readonly #directories = new Set<number>();

  /**
   * @param edited - the subvolume
   * @param log - its log
   */
  constructor(edited: EditedTree, log: BtrfsTree) {
    this.#edited = edited;
    this.#log = log;
  }

  /**
   * Replays one item.
   * @param item - of the log
   * @param stage - 0: inodes, 1: names that directories tell of, 2: all else
   * @throws FILE_SYSTEM_DAMAGED
   */
  async take(item: TreeItem, stage: number): Promise<void> {
    const { object, type } = item.key;
    if (stage === 0) {
      if (type === itemTypes.inode) await this.#inode(object, item);
      return;
    }
    if (this.#ignored.has(object)) return;
    if (stage === 1) {
      if (type === itemTypes.nameByIndex) await this.#entry(item);
    } else if (type === itemTypes.attribute) this.#edited.changes.set(item.key, item.bytes);
    else if (type === itemTypes.fileExtent) await this.#extent(item);
    else if (type === itemTypes.inodeReference)
      await this.#references(item, decodeReferences(item.bytes, item.key.offset) ?? []);
    else if (type === itemTypes.inodeExtendedReference)
      await this.#references(item, decodeExtendedReferences(item.bytes) ?? []);
  }

  async #inode(inode: number, { key, bytes }: TreeItem): Promise<void> {
    if (u32le(bytes, inodeAt.linkCount) === 0) {
      this.#ignored.add(inode);
      return;
    }
    this.#touched.add(inode);
    await this.#dropAttributes(inode);
    if (kindOf(bytes) === modeKind.directory) await this.#dropEntries(inode);
    this.#edited.changes.set(key, inodeOver(await this.#edited.inode(inode), bytes));
    if (kindOf(bytes) !== modeKind.file) return;
    const { sectorBytes } = this.#log.volume.superblock;
    const sizeBytes = u64le((await this.#edited.inode(inode))!, inodeAt.sizeBytes);
    const from = Math.ceil(sizeBytes / sectorBytes) * sectorBytes;
    await dropExtents(this.#edited, inode, from, Number.POSITIVE_INFINITY);
  }

  /** All attributes of an inode are logged with it. */
  async #dropAttributes(inode: number): Promise<void> {
    for (const { key } of await this.#edited.items(inode, itemTypes.attribute))
      if ((await this.#log.find(key)) === undefined) this.#edited.changes.set(key, undefined);
  }

  /** Of ranges of a directory the log tells everything: what it does not name there is gone. */
  async #dropEntries(directory: number): Promise<void> {
    const start = { object: directory, type: itemTypes.directoryLog, offset: 0 };
    for (const range of await itemsOf(this.#log, start, Number.POSITIVE_INFINITY)) {
      const [from, to] = [range.key.offset, u64le(range.bytes, 0)];
      for (const { key, bytes } of await this.#edited.items(
        directory,
        itemTypes.nameByIndex,
        from,
        to,
      )) {
        const logged = namesIn((await this.#log.find(key)) ?? new Uint8Array());
        for (const named of namesIn(bytes))
          if (!logged.some(({ name }) => isSame(name, named.name)))
            await this.#unlink(directory, named);
      }
    }
  }

  async #unlink(directory: number, { location, name }: NamedItem): Promise<void> {
    // A subvolume that comes or goes forces a commit, so that no log tells of it.
    if (location.type !== itemTypes.inode) return;
    this.#directories.add(directory);
    this.#touched.add(location.object);
    await this.#edited.unlink(directory, name);
  }

  async #entry({ key, bytes }: TreeItem): Promise<void> {
    const { object: directory, offset: index } = key;
    for (const { name, location } of namesIn(bytes)) {
      const inode = location.object;
      if (location.type !== itemTypes.inode || !(await this.#hasInodes(directory, inode))) continue;
      if (await this.#isLinked({ directory, index, name, inode })) continue;
      await this.#clear({ directory, index, name });
      // What the inode itself tells of comes later, with its other names.
      if ((await this.#namesInLog(inode)).has(nameKey({ directory, name }))) continue;
      await this.#link({ directory, index, name, inode });
    }
  }

  async #hasInodes(...inodes: readonly number[]): Promise<boolean> {
    for (const inode of inodes) if ((await this.#edited.inode(inode)) === undefined) return false;
    return true;
  }

  async #isLinked(link: Link): Promise<boolean> {
    const byName = await this.#edited.named(link.directory, link.name);
    const byIndex = await this.#edited.indexed(link.directory, link.index);
    const isIt = (found: NamedItem | undefined): boolean =>
      found?.location.object === link.inode && isSame(found.name, link.name);
    return isIt(byName) && isIt(byIndex);
  }

  /** Makes room for a name: what has the same name or place in the directory is older. */
  async #clear({ directory, index, name }: InodeReference): Promise<void> {
    for (const found of [
      await this.#edited.named(directory, name),
      await this.#edited.indexed(directory, index),
    ])
      if (found !== undefined) await this.#unlink(directory, found);
  }

  /** What the log says of the names of an inode, as `nameKey` writes them. */
  async #namesInLog(inode: number): Promise<ReadonlySet<string>> {
    const known = this.#logged.get(inode);
    if (known !== undefined) return known;
    const of = (type: number): Promise<TreeItem[]> =>
      itemsOf(this.#log, { object: inode, type, offset: 0 }, Number.POSITIVE_INFINITY);
    const plain = await of(itemTypes.inodeReference);
    const extended = await of(itemTypes.inodeExtendedReference);
    const references = [
      ...plain.flatMap(({ key, bytes }) => decodeReferences(bytes, key.offset) ?? []),
      ...extended.flatMap(({ bytes }) => decodeExtendedReferences(bytes) ?? []),
    ];
    const names = new Set(references.map(nameKey));
    this.#logged.set(inode, names);
    return names;
  }

  async #link(link: Link): Promise<void> {
    this.#directories.add(link.directory);
    this.#touched.add(link.inode);
    await this.#edited.link(link);
  }

  async #references({ key }: TreeItem, logged: readonly InodeReference[]): Promise<void> {
    const inode = key.object;
    for (const reference of logged) {
      // The top of a subvolume names itself "..", which is no name in a directory.
      if (inode === reference.directory) continue;
      if (!(await this.#hasInodes(inode, reference.directory))) continue;
      await this.#dropOldNames(inode, reference.directory);
      if (await this.#isLinked({ inode, ...reference })) continue;
      await this.#clear(reference);
      await this.#link({ inode, ...reference });
    }
  }

  /** Names of an inode in a directory of which the log tells no more. */
  async #dropOldNames(inode: number, directory: number): Promise<void> {
    const logged = await this.#namesInLog(inode);
    if (this.#cleaned.has(`${inode} ${directory}`)) return;
    this.#cleaned.add(`${inode} ${directory}`);
    for (const reference of await this.#edited.references(inode)) {
      if (reference.directory !== directory || logged.has(nameKey(reference))) continue;
      const location = { object: inode, type: itemTypes.inode, offset: 0 };
      await this.#unlink(directory, { location, type: 0, name: reference.name, value: noBytes });
    }
  }

  async #extent({ key, bytes }: TreeItem): Promise<void> {
    const extent = decodeFileExtent(bytes);
    if (typeof extent === 'string' || !(await this.#hasInodes(key.object))) return;
    const { sectorBytes } = this.#log.volume.superblock;
    const lengthBytes =
      extent.form === 'inline'
        ? Math.ceil(extent.plainBytes / sectorBytes) * sectorBytes
        : extent.lengthBytes;
    await dropExtents(this.#edited, key.object, key.offset, key.offset + lengthBytes);
    this.#edited.changes.set(key, bytes);
  }

  /**
   * Counts names anew. A directory that lost its last one takes what is in it along.
   * @throws FILE_SYSTEM_DAMAGED
   */
  async finish(): Promise<void> {
    for (const inode of this.#touched) {
      const bytes = await this.#edited.inode(inode);
      if (bytes === undefined) continue;
      const count = (await this.#edited.references(inode)).length;
      this.#set(inode, bytes, (item) => item.writeUInt32LE(count, inodeAt.linkCount));
      if (count > 0 || kindOf(bytes) !== modeKind.directory) continue;
      for (const entry of await this.#edited.items(inode, itemTypes.nameByIndex))
        for (const named of namesIn(entry.bytes)) await this.#unlink(inode, named);
    }
    for (const directory of this.#directories) await this.#measure(directory);
  }

  /** The size of a directory is twice the bytes of its names. */
  async #measure(directory: number): Promise<void> {
    const bytes = await this.#edited.inode(directory);
    if (bytes === undefined) return;
    const entries = await this.#edited.items(directory, itemTypes.nameByIndex);
    const names = entries.flatMap((entry) => namesIn(entry.bytes));
    const sizeBytes = names.reduce((sum, { name }) => sum + 2 * name.length, 0);
    this.#set(directory, bytes, (item) =>
      item.writeBigUInt64LE(BigInt(sizeBytes), inodeAt.sizeBytes),
    );
  }

  #set(inode: number, bytes: Uint8Array, change: (item: Buffer) => void): void {
    const item = Buffer.from(bytes);
    change(item);
    this.#edited.changes.set({ object: inode, type: itemTypes.inode, offset: 0 }, item);
  }
}

const noBytes = new Uint8Array();

function nameKey({ directory, name }: Pick<InodeReference, 'directory' | 'name'>): string {
  return `${directory} ${Buffer.from(name).toString('latin1')}`;
}

/** The inode as it is after the log: of one that is only said to be there, the size alone counts, and that not when it is 0. */
function inodeOver(stored: Uint8Array | undefined, logged: Uint8Array): Uint8Array {
  if (stored === undefined) return logged;
  const isOnlyNamed = u64le(logged, inodeAt.generation) === 0;
  const isDirectory = kindOf(logged) === modeKind.directory;
  if (!isOnlyNamed && !isDirectory) return logged;
  const item = Buffer.from(isOnlyNamed ? stored : logged);
  const sizeOf = isOnlyNamed && u64le(logged, inodeAt.sizeBytes) !== 0 ? logged : stored;
  item.set(sizeOf.subarray(inodeAt.sizeBytes, inodeAt.sizeBytes + 8), inodeAt.sizeBytes);
  return item;
}

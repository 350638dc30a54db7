import type { Forest } from './forest.ts';
import { itemTypes, objects } from './key.ts';
import { firstNotLess, itemBytes, nodeKey } from './node.ts';
import type { BtrfsTree } from './tree.ts';

/** Checksums of a run of sectors. */
export interface ChecksumRun {
  /** First sector, bytes in the address space. */
  readonly logicalBytes: number;
  /** Checksums, one after the other; borrowed. */
  readonly sums: Uint8Array;
}

/** The checksums of content, by address. */
export class ContentChecksums {
  readonly #forest: Forest;
  #tree: BtrfsTree | undefined;

  /** @param forest - all trees */
  constructor(forest: Forest) {
    this.#forest = forest;
  }

  /**
   * Checksums from a sector on.
   * @param logicalBytes - address of the sector
   * @returns those that lie beside that of the sector, beginning with it; undefined when it has none
   * @throws FILE_SYSTEM_DAMAGED
   */
  async from(logicalBytes: number): Promise<Uint8Array | undefined> {
    const { sectorBytes, checksum } = this.#forest.volume.superblock;
    this.#tree ??= await this.#forest.tree(objects.checksumTree);
    const run = await this.#runBefore(logicalBytes);
    if (run === undefined) return undefined;
    const skipSectors = (logicalBytes - run.logicalBytes) / sectorBytes;
    const rest = run.sums.subarray(skipSectors * checksum.lengthBytes);
    return rest.length >= checksum.lengthBytes ? rest : undefined;
  }

  async #runBefore(logicalBytes: number): Promise<ChecksumRun | undefined> {
    if (this.#tree === undefined) return undefined;
    const { contentChecksums: object } = objects;
    const key = { object, type: itemTypes.contentChecksums, offset: logicalBytes };
    const found = this.#tree.leafBefore(key);
    const { leaf } = found instanceof Promise ? await found : found;
    const index = firstNotLess(leaf, { ...key, offset: logicalBytes + 1 }) - 1;
    if (index < 0) return undefined;
    const { type, offset } = nodeKey(leaf, index);
    if (type !== itemTypes.contentChecksums || offset > logicalBytes) return undefined;
    return { logicalBytes: offset, sums: itemBytes(leaf, index) };
  }
}

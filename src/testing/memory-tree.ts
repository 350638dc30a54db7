import type { ReadableDisk } from '../disk/disk.ts';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { isAllZero } from '../disk/zeroes.ts';
import type { FileAttribute, FileKind } from '../filesystem/file-system.ts';
import { notADirectory, notAFile } from '../filesystem/refusals.ts';
import type { ServedEntry, ServedFile, ServedStatus } from '../filesystem/served-tree.ts';

/** What a file of a memory tree is made of. */
export interface MemoryFileParts {
  readonly kind?: FileKind;
  readonly content?: Buffer;
  readonly children?: Readonly<Record<string, MemoryTreeFile>>;
  readonly linkTarget?: string;
  readonly attributes?: readonly FileAttribute[];
  readonly status?: Partial<ServedStatus>;
}

let nextKey = 1;
const pieceBytes = 64 * 1024;

/** A served tree in memory, for tests of what serves trees. */
export class MemoryTreeFile implements ServedFile {
  /** See ServedFile. */
  readonly key: string = `memory-${nextKey++}`;
  /** See ServedFile. */
  readonly isLive = false;
  readonly #parts: MemoryFileParts;

  /** @param parts - see MemoryFileParts; a directory has children, a link a target, everything else is a file */
  constructor(parts: MemoryFileParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  status(): ServedStatus {
    const { content, linkTarget = '' } = this.#parts;
    const sizeBytes = content?.length ?? linkTarget.length;
    return {
      kind: this.#kind,
      sizeBytes,
      allocatedBytes: sizeBytes,
      linkCount: 1,
      mode: this.#kind === 'directory' ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      modifiedMicros: 1_700_000_000_123_456,
      changedMicros: 1_700_000_001_000_000,
      accessedMicros: 1_700_000_002_000_000,
      ...this.#parts.status,
    };
  }

  /** @inheritdoc */
  find(name: string): MemoryTreeFile | undefined {
    return this.#children[name];
  }

  /** @inheritdoc */
  async *list(): AsyncGenerator<readonly ServedEntry[]> {
    const entries = Object.entries(this.#children);
    for (let start = 0; start < entries.length; start += 100) {
      yield entries.slice(start, start + 100).map(([name, file]) => ({ name, kind: file.#kind }));
    }
  }

  /** @inheritdoc */
  async open(): Promise<ReadableDisk> {
    const { content } = this.#parts;
    if (content === undefined) throw notAFile({ path: this.key, where: 'a memory tree' });
    const disk = new MemoryDisk(content.length);
    // Zeroes stay holes, as they do in a real store.
    for (let at = 0; at < content.length; at += pieceBytes) {
      const piece = content.subarray(at, at + pieceBytes);
      if (!isAllZero(piece)) disk.write(piece, at);
    }
    return disk;
  }

  /** @inheritdoc */
  readLink(): string {
    const { linkTarget } = this.#parts;
    if (linkTarget === undefined) throw notAFile({ path: this.key, where: 'a memory tree' });
    return linkTarget;
  }

  /** @inheritdoc */
  attributes(): readonly FileAttribute[] {
    return this.#parts.attributes ?? [];
  }

  get #kind(): FileKind {
    const { kind, children, linkTarget } = this.#parts;
    return (
      kind ?? (children !== undefined ? 'directory' : linkTarget !== undefined ? 'link' : 'file')
    );
  }

  get #children(): Readonly<Record<string, MemoryTreeFile>> {
    const { children } = this.#parts;
    if (children === undefined) throw notADirectory({ path: this.key, where: 'a memory tree' });
    return children;
  }
}

import type { Micros } from '../base/clock.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { MemoryDisk } from '../disk/memory-disk.ts';
import type {
  ByteRange,
  DirectoryEntry,
  FileAttribute,
  FileKind,
  FileStatus,
  FileSystem,
  FileSystemSummary,
  Finding,
  RangeOwner,
  WalkedFile,
} from '../filesystem/file-system.ts';
import { noSuchFile, notADirectory, notAFile } from '../filesystem/refusals.ts';

/** A file to be put into a memory file system. */
export interface MemoryFile {
  readonly kind: FileKind;
  readonly content?: Uint8Array;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly modifiedMicros?: Micros;
  readonly changedMicros?: Micros;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly attributes?: readonly FileAttribute[];
  readonly streams?: Readonly<Record<string, Uint8Array>>;
}

interface Node extends MemoryFile {
  readonly names: Map<string, string>;
  linkCount: number;
}

/** Each file's content lies in a slot of its own, so that ranges mean something. */
const slotBytes = 1024 * 1024;

/** A file system that a test writes down name by name; also hostile names, which no kernel would make. */
export class MemoryFileSystem implements FileSystem {
  readonly root = '1';
  readonly volumeBytes: number = 256 * slotBytes;
  readonly summary: FileSystemSummary;
  readonly #nodes = new Map<string, Node>();

  constructor(label = 'memory') {
    const sizes = { sizeBytes: this.volumeBytes, blockBytes: slotBytes };
    this.summary = { kind: 'ext4', label, uuid: '', ...sizes, notes: [] };
    this.#nodes.set(this.root, { kind: 'directory', names: new Map(), linkCount: 2 });
  }

  /** Puts a file into a directory; gives its identity. */
  add(directory: string, name: string, file: MemoryFile): string {
    const id = String(this.#nodes.size + 1);
    this.#nodes.set(id, { ...file, names: new Map(), linkCount: 0 });
    this.link(directory, name, id);
    return id;
  }

  /** Gives a file one more name. */
  link(directory: string, name: string, id: string): void {
    this.#directory(directory).names.set(name, id);
    this.#node(id).linkCount += 1;
  }

  /** Takes a name away; the identity of its file is not given again. */
  remove(directory: string, name: string): void {
    const { names } = this.#directory(directory);
    this.#node(names.get(name)!).linkCount -= 1;
    names.delete(name);
  }

  /** Changes a file. */
  change(id: string, file: Partial<MemoryFile>): void {
    this.#nodes.set(id, { ...this.#node(id), ...file });
  }

  /** Adds directories on the way to a file, and the file; gives its identity. */
  addPath(path: string, file: MemoryFile): string {
    const components = path.split('/');
    const name = components.pop()!;
    let directory = this.root;
    for (const component of components) {
      const names = this.#directory(directory).names;
      directory = names.get(component) ?? this.add(directory, component, { kind: 'directory' });
    }
    return this.add(directory, name, file);
  }

  status(id: string): FileStatus {
    const { kind, content, target, mode = 0o644, uid = 0, gid = 0, ...rest } = this.#node(id);
    const sizeBytes = content?.length ?? Buffer.byteLength(target ?? '');
    const { modifiedMicros = 1_000_000, changedMicros, linkCount, device } = rest;
    const times = { modifiedMicros, changedMicros };
    const owned = { mode, uid, gid, ...times, linkCount, device };
    return { id, kind, generation: 0, sizeBytes, allocatedBytes: sizeBytes, ...owned, flags: [] };
  }

  async *list(id: string): AsyncGenerator<readonly DirectoryEntry[]> {
    const { names } = this.#directory(id);
    yield [...names].map(([name, child]) => ({ name, id: child, kind: this.#node(child).kind }));
  }

  find(id: string, name: string): DirectoryEntry | undefined {
    const child = this.#directory(id).names.get(name);
    return child === undefined ? undefined : { name, id: child, kind: this.#node(child).kind };
  }

  async open(id: string, stream?: string): Promise<ReadableDisk> {
    const node = this.#node(id);
    const content = stream === undefined ? node.content : node.streams?.[stream];
    if (node.kind !== 'file' || content === undefined) throw notAFile(asked(id));
    const disk = new MemoryDisk(content.length);
    disk.write(content, 0);
    return disk;
  }

  readLink(id: string): string {
    const { target } = this.#node(id);
    if (target === undefined) throw notAFile(asked(id));
    return target;
  }

  attributes(id: string): readonly FileAttribute[] {
    return this.#node(id).attributes ?? [];
  }

  streams(id: string): readonly { readonly name: string; readonly sizeBytes: number }[] {
    const streams = Object.entries(this.#node(id).streams ?? {});
    return streams.map(([name, content]) => ({ name, sizeBytes: content.length }));
  }

  async *walk(): AsyncGenerator<readonly WalkedFile[]> {
    for (const [parent, { names }] of this.#nodes) {
      yield [...names].map(([name, id]) => ({ parent, name, status: this.status(id) }));
    }
  }

  ranges(id: string): readonly ByteRange[] {
    this.#node(id);
    return [{ offsetBytes: Number(id) * slotBytes, lengthBytes: slotBytes }];
  }

  async *allocated(): AsyncGenerator<readonly ByteRange[]> {
    yield [{ offsetBytes: 0, lengthBytes: (this.#nodes.size + 1) * slotBytes }];
  }

  async *owners(): AsyncGenerator<readonly RangeOwner[]> {
    for (const id of this.#nodes.keys()) yield [{ id, use: 'content', ...this.ranges(id)[0]! }];
  }

  // biome-ignore lint/correctness/useYield: there is nothing that could be wrong.
  async *check(): AsyncGenerator<Finding> {}

  async close(): Promise<void> {}

  #node(id: string): Node {
    const node = this.#nodes.get(id);
    if (node === undefined) throw noSuchFile(asked(id));
    return node;
  }

  #directory(id: string): Node {
    const node = this.#node(id);
    if (node.kind !== 'directory') throw notADirectory(asked(id));
    return node;
  }
}

function asked(id: string): { readonly path: string; readonly where: string } {
  return { path: `file ${id}`, where: 'memory' };
}

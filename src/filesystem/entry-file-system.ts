import type { Awaitable, ReadableDisk } from '../disk/disk.ts';
import { andThen } from './and-then.ts';
import { findingOf } from './damage.ts';
import type { EntryNode, EntryVolume, NamedNode, OnFinding } from './entry-volume.ts';
import type {
  ByteRange,
  DirectoryEntry,
  FileAttribute,
  FileId,
  FileStatus,
  FileSystem,
  FileSystemSummary,
  Finding,
  RangeOwner,
  WalkedFile,
} from './file-system.ts';
import { noSuchFile, notADirectory, notAFile } from './refusals.ts';

/** A file system of entries, as a file system. */
export class EntryFileSystem<Node extends EntryNode> implements FileSystem {
  readonly #volume: EntryVolume<Node>;

  /** @param volume - what differs from kind to kind */
  constructor(volume: EntryVolume<Node>) {
    this.#volume = volume;
  }

  /** @inheritdoc */
  get summary(): FileSystemSummary {
    return this.#volume.summary;
  }

  /** @inheritdoc */
  get root(): FileId {
    return this.#volume.rootNode.id;
  }

  /** @inheritdoc */
  status(id: FileId): Awaitable<FileStatus> {
    return andThen(this.#node(id), (node) => this.#volume.status(node));
  }

  /** @inheritdoc */
  async *list(directory: FileId): AsyncGenerator<readonly DirectoryEntry[]> {
    for await (const batch of this.#children(await this.#directory(directory))) {
      yield batch.map(entryOf);
    }
  }

  /** @inheritdoc */
  async find(directory: FileId, name: string): Promise<DirectoryEntry | undefined> {
    const folded = this.#volume.folded(name);
    const isAsked = (other: string | undefined): boolean =>
      other !== undefined && this.#volume.folded(other) === folded;
    let byOtherName: NamedNode<Node> | undefined;
    for await (const batch of this.#children(await this.#directory(directory))) {
      const found = batch.find((child) => isAsked(child.name));
      if (found !== undefined) return entryOf(found);
      byOtherName ??= batch.find((child) => isAsked(child.otherName));
    }
    return byOtherName && entryOf(byOtherName);
  }

  /** @inheritdoc */
  async open(id: FileId, stream?: string): Promise<ReadableDisk> {
    const node = await this.#node(id);
    if (stream !== undefined) throw noSuchFile(this.#asked(`${id}:${stream}`));
    if (node.kind !== 'file') throw notAFile(this.#asked(id));
    return this.#volume.open(node);
  }

  /** @inheritdoc */
  readLink(id: FileId): Awaitable<string> {
    return andThen(this.#node(id), (node) => {
      const target = this.#volume.linkTarget(node);
      if (target === undefined) throw notAFile(this.#asked(id));
      return target;
    });
  }

  /** None of these kinds has attributes; @inheritdoc */
  attributes(id: FileId): Awaitable<readonly FileAttribute[]> {
    return andThen(this.#node(id), () => []);
  }

  /** None of these kinds has streams; @inheritdoc */
  streams(id: FileId): Awaitable<readonly { readonly name: string; readonly sizeBytes: number }[]> {
    return andThen(this.#node(id), () => []);
  }

  /** @inheritdoc */
  async *walk(onFinding: OnFinding = () => undefined): AsyncGenerator<readonly WalkedFile[]> {
    for await (const { parent, batch } of this.#walkNodes(onFinding)) {
      const walked: WalkedFile[] = [];
      for (const { name, node } of batch) {
        try {
          const status = this.#volume.status(node);
          const known = status instanceof Promise ? await status : status;
          walked.push({ parent, name, status: known });
        } catch (error) {
          onFinding(findingOf(error, `file ${node.id}`));
        }
      }
      yield walked;
    }
  }

  /** @inheritdoc */
  async ranges(id: FileId): Promise<readonly ByteRange[]> {
    return this.#volume.ranges(await this.#node(id));
  }

  /** @inheritdoc */
  allocated(): AsyncIterable<readonly ByteRange[]> {
    return this.#volume.allocated();
  }

  /** @inheritdoc */
  async *owners(): AsyncGenerator<readonly RangeOwner[]> {
    yield await this.#volume.systemRanges();
    const { rootNode } = this.#volume;
    const root = (await this.#rangesOrNone(rootNode, () => undefined)) ?? [];
    yield root.map((range) => ({ ...range, id: rootNode.id, use: 'directory' }));
    for await (const { batch } of this.#walkNodes(() => undefined)) {
      for (const { node } of batch) {
        const ranges = (await this.#rangesOrNone(node, () => undefined)) ?? [];
        const use = node.kind === 'directory' ? 'directory' : 'content';
        yield ranges.map((range) => ({ ...range, id: node.id, use }));
      }
    }
  }

  /** @inheritdoc */
  async *check(): AsyncGenerator<Finding> {
    const findings: Finding[] = [];
    const onFinding: OnFinding = (finding) => findings.push(finding);
    for await (const { batch } of this.#walkNodes(onFinding)) {
      for (const { node } of batch) await this.#rangesOrNone(node, onFinding);
      yield* findings.splice(0);
    }
    yield* findings.splice(0);
    yield* this.#volume.inspect();
  }

  /** Does nothing: what is cached goes with the object. */
  async close(): Promise<void> {}

  /** Every node once for each name, directory by directory; a directory that is met a second time is not entered again. */
  async *#walkNodes(
    onFinding: OnFinding,
  ): AsyncGenerator<{ parent: FileId; batch: readonly NamedNode<Node>[] }> {
    const { rootNode } = this.#volume;
    const met = new Set([rootNode.contentKey]);
    let waiting: Node[] = [rootNode];
    while (waiting.length > 0) {
      const below: Node[] = [];
      for (const directory of waiting) {
        for await (const batch of this.#childrenAsFarAsPossible(directory, onFinding)) {
          const nodes = batch.map(({ node }) => node);
          below.push(...nodes.filter((node) => isNewDirectory(met, node, onFinding)));
          yield { parent: directory.id, batch };
        }
      }
      // The next level in the order in which its directories lie.
      waiting = below.sort((left, right) => left.contentKey - right.contentKey);
    }
  }

  async *#childrenAsFarAsPossible(
    directory: Node,
    onFinding: OnFinding,
  ): AsyncGenerator<readonly NamedNode<Node>[]> {
    try {
      yield* this.#volume.children(directory, onFinding);
    } catch (error) {
      onFinding(findingOf(error, `directory ${directory.id}`));
    }
  }

  #children(directory: Node): AsyncIterable<readonly NamedNode<Node>[]> {
    return this.#volume.children(directory, () => undefined);
  }

  async #rangesOrNone(node: Node, onFinding: OnFinding): Promise<readonly ByteRange[] | undefined> {
    try {
      return await this.#volume.ranges(node);
    } catch (error) {
      onFinding(findingOf(error, `file ${node.id}`));
      return undefined;
    }
  }

  #node(id: FileId): Awaitable<Node> {
    const { rootNode } = this.#volume;
    if (id === rootNode.id) return rootNode;
    return andThen(this.#volume.nodeOf(id), (node) => {
      if (node === undefined) throw noSuchFile(this.#asked(id));
      return node;
    });
  }

  async #directory(id: FileId): Promise<Node> {
    const node = await this.#node(id);
    if (node.kind !== 'directory') throw notADirectory(this.#asked(id));
    return node;
  }

  #asked(id: FileId): { path: string; where: string } {
    return { path: `file ${id}`, where: this.#volume.summary.kind };
  }
}

function entryOf({ name, node }: NamedNode<EntryNode>): DirectoryEntry {
  return { name, id: node.id, kind: node.kind };
}

function isNewDirectory(met: Set<number>, node: EntryNode, onFinding: OnFinding): boolean {
  if (node.kind !== 'directory') return false;
  if (!met.has(node.contentKey)) {
    met.add(node.contentKey);
    return true;
  }
  onFinding({
    severity: 'damage',
    structure: `directory ${node.id}`,
    reason: 'its content is that of another directory, too: it is not entered again',
  });
  return false;
}

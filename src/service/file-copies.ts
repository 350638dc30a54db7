import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import { copyBatchFilesMax, shortStreamBytesMax } from '../base/limits.ts';
import { contentPieces } from '../content/content-pieces.ts';
import { findMatches } from '../content/glob.ts';
import { type WalkedPlace, walkTree } from '../content/walk-tree.ts';
import type { FileSystem } from '../filesystem/file-system.ts';
import { frameHeader } from './content-frames.ts';
import type {
  ContentItem,
  ContentOrder,
  CopiedFile,
  CopyBatch,
  CopyListReport,
  CopyOrder,
  CopyTrouble,
  NamedBytes,
} from './copy-report.ts';
import type { BatchAction } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTree, OpenedTrees } from './opened-trees.ts';
import type { ContentSink, CopyCases } from './use-cases.ts';

/** Copying files out: see CopyCases. */
export class FileCopies implements CopyCases {
  readonly #trees: OpenedTrees;

  /** @param trees - opens what is copied */
  constructor(trees: OpenedTrees) {
    this.#trees = trees;
  }

  /** @inheritdoc */
  list(order: CopyOrder, action: BatchAction<CopyBatch>): Promise<CopyListReport> {
    return this.#trees.use(order.where, order.at, async (opened) => {
      const list = new CopyList(opened, action, order.isCountOnly === true);
      for (const path of order.paths) {
        for (const place of await findMatches(opened.tree, path)) await list.add(place);
      }
      await list.flush();
      return {
        where: opened.place.text,
        asked: isoMoment(opened.askedMicros),
        point: isoMoment(opened.pointMicros),
        fileCount: list.fileCount,
        contentBytes: list.contentBytes,
      };
    });
  }

  /** @inheritdoc */
  contents(order: ContentOrder, sink: ContentSink): Promise<void> {
    return this.#trees.use(order.where, order.at, async (opened) => {
      await sink.begin(undefined);
      for (const [item, wanted] of order.items.entries()) {
        sink.signal.throwIfAborted();
        await sendContent(opened, { item, wanted }, sink);
      }
    });
  }
}

/** The list of one copy, as it grows. */
class CopyList {
  fileCount = 0;
  contentBytes = 0;
  readonly #opened: OpenedTree;
  readonly #action: BatchAction<CopyBatch>;
  readonly #isCountOnly: boolean;
  #files: CopiedFile[] = [];
  #troubles: CopyTrouble[] = [];

  constructor(opened: OpenedTree, action: BatchAction<CopyBatch>, isCountOnly: boolean) {
    this.#opened = opened;
    this.#action = action;
    this.#isCountOnly = isCountOnly;
  }

  /** A directory comes with all that it holds; of the root only that. */
  async add(place: WalkedPlace['place']): Promise<void> {
    const name = place.path.at(-1);
    const above = name === undefined ? [] : [name];
    if (name !== undefined) await this.#put({ place, components: above });
    if (place.status.kind !== 'directory') return;
    const onTrouble = (components: readonly string[], { message }: Error): void => {
      this.#troubles.push({ components: [...above, ...components], reason: message });
    };
    const { signal } = this.#action;
    for await (const batch of walkTree(this.#opened.tree, place, { onTrouble, signal })) {
      for (const { place: below, components } of batch) {
        await this.#put({ place: below, components: [...above, ...components] });
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#isCountOnly) return;
    const batch = { files: this.#files, troubles: this.#troubles };
    this.#files = [];
    this.#troubles = [];
    await this.#action.emit({ asked: isoMoment(this.#opened.askedMicros), ...batch });
  }

  async #put(walked: WalkedPlace): Promise<void> {
    const { kind, sizeBytes } = walked.place.status;
    this.fileCount += 1;
    if (kind === 'file') this.contentBytes += sizeBytes;
    if (this.#isCountOnly) return;
    try {
      this.#files.push(await describeCopy(walked));
    } catch (error) {
      if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
      this.#troubles.push({ components: walked.components, reason: error.message });
    }
    if (this.#files.length + this.#troubles.length >= copyBatchFilesMax) await this.flush();
  }
}

async function describeCopy({ place, components }: WalkedPlace): Promise<CopiedFile> {
  const { status, mount } = place;
  const { id, kind, sizeBytes, linkCount, modifiedMicros, mode, uid, gid } = status;
  const { accessedMicros, device } = status;
  return {
    ...{ components, kind, id, sizeBytes, linkCount, modifiedMicros },
    volume: mount?.volume ?? '',
    ...(mode === undefined ? {} : { mode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(accessedMicros === undefined ? {} : { accessedMicros }),
    ...(device === undefined ? {} : { device }),
    ...(mount === undefined ? {} : await describeMore(mount.fileSystem, id, kind)),
  };
}

type More = Pick<CopiedFile, 'target' | 'attributes' | 'streams' | 'longStreams'>;

/** What costs a further look at the disk. */
async function describeMore(
  fileSystem: FileSystem,
  id: string,
  kind: CopiedFile['kind'],
): Promise<More> {
  const attributes = (await fileSystem.attributes(id)).map(({ name, value }) => ({
    name,
    base64: Buffer.from(value).toString('base64'),
  }));
  const streams = await fileSystem.streams(id);
  const short = streams.filter(({ sizeBytes }) => sizeBytes <= shortStreamBytesMax);
  const long = streams.filter(({ sizeBytes }) => sizeBytes > shortStreamBytesMax);
  const shorts: NamedBytes[] = [];
  for (const { name } of short)
    shorts.push({ name, base64: await readStream(fileSystem, id, name) });
  return {
    ...(kind === 'link' ? { target: await fileSystem.readLink(id) } : {}),
    ...(attributes.length === 0 ? {} : { attributes }),
    ...(shorts.length === 0 ? {} : { streams: shorts }),
    ...(long.length === 0 ? {} : { longStreams: long.map(({ name }) => name) }),
  };
}

async function readStream(fileSystem: FileSystem, id: string, name: string): Promise<string> {
  const content = await fileSystem.open(id, name);
  try {
    const bytes = Buffer.alloc(content.sizeBytes);
    await content.read(bytes, 0);
    return bytes.toString('base64');
  } finally {
    await content.close();
  }
}

/** A file that cannot be read ends with a failure of its own; the next one may be whole. */
async function sendContent(
  opened: OpenedTree,
  { item, wanted }: { readonly item: number; readonly wanted: ContentItem },
  sink: ContentSink,
): Promise<void> {
  try {
    const content = await fileSystemOf(opened, wanted).open(wanted.id);
    try {
      for await (const { offsetBytes, bytes } of contentPieces(content, sink.signal)) {
        if (bytes === undefined) continue;
        await sink.write(frameHeader({ kind: 'data', item, offsetBytes, bytes }));
        await sink.write(bytes);
      }
      await sink.write(frameHeader({ kind: 'end', item, sizeBytes: content.sizeBytes }));
    } finally {
      await content.close();
    }
  } catch (error) {
    if (sink.signal.aborted || !(error instanceof SecondwindError)) throw error;
    const { code, message, data } = error;
    const bytes = Buffer.from(JSON.stringify({ code, message, data }));
    await sink.write(frameHeader({ kind: 'failure', item, bytes }));
    await sink.write(bytes);
  }
}

function fileSystemOf({ volumes }: OpenedTree, { volume }: ContentItem): FileSystem {
  const found = volumes.find((each) => each.volume.address === volume)?.fileSystem;
  if (found === undefined) throw new SecondwindError('NOT_FOUND', { what: 'volume', name: volume });
  return found;
}

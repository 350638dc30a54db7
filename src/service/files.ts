import { contentPieces } from '../content/content-pieces.ts';
import type { FileTree, TreeEntry, TreePlace } from '../content/file-tree.ts';
import { pathText } from '../content/path-text.ts';
import { notAFile } from '../filesystem/refusals.ts';
import { describeFile } from './describe-file.ts';
import type { FileOrder, FileReport, ListingReport } from './file-report.ts';
import type { BatchAction } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTree, OpenedTrees } from './opened-trees.ts';
import type { ContentSink, FileCases } from './use-cases.ts';

/** Written for holes, so that none of their zeroes is made twice. */
const zeroes = new Uint8Array(1024 * 1024);

/** Damages that one listing tells of. */
const listingNotesMax = 100;

/** Looking at files: see FileCases. */
export class Files implements FileCases {
  readonly #trees: OpenedTrees;

  /** @param trees - opens what is looked at */
  constructor(trees: OpenedTrees) {
    this.#trees = trees;
  }

  /** @inheritdoc */
  list(order: FileOrder, action: BatchAction<readonly FileReport[]>): Promise<ListingReport> {
    return this.#trees.use(order.where, order.at, async (opened) => {
      const place = await opened.tree.resolve(order.path);
      const notes = [...opened.notes];
      let entryCount = 0;
      for await (const batch of entriesOf(opened.tree, place, notes)) {
        action.signal.throwIfAborted();
        entryCount += batch.length;
        await action.emit(await describeAll(place, batch));
      }
      return { ...standing(opened), path: pathText(place.path), entryCount, notes };
    });
  }

  /** @inheritdoc */
  read(order: FileOrder, sink: ContentSink): Promise<void> {
    return this.#trees.use(order.where, order.at, async ({ tree }) => {
      const { mount, status } = await tree.resolve(order.path);
      if (mount === undefined || status.kind !== 'file') {
        throw notAFile({ path: order.path, where: tree.name });
      }
      await using content = closing(await mount.fileSystem.open(status.id));
      await sink.begin(content.disk.sizeBytes);
      for await (const { lengthBytes, bytes } of contentPieces(content.disk, sink.signal)) {
        if (bytes !== undefined) await sink.write(bytes);
        else await writeZeroes(sink, lengthBytes);
      }
    });
  }
}

async function writeZeroes(sink: ContentSink, lengthBytes: number): Promise<void> {
  for (let left = lengthBytes; left > 0; left -= zeroes.length) {
    sink.signal.throwIfAborted();
    await sink.write(zeroes.subarray(0, left));
  }
}

/** Something that is closed at the end of a block. */
function closing<Disk extends { close(): Promise<void> }>(
  disk: Disk,
): { readonly disk: Disk; [Symbol.asyncDispose](): Promise<void> } {
  return { disk, [Symbol.asyncDispose]: () => disk.close() };
}

/** Of a directory what it holds, of anything else itself. What is damaged is left out, with a note. */
async function* entriesOf(
  tree: FileTree,
  place: TreePlace,
  notes: string[],
): AsyncGenerator<readonly TreeEntry[]> {
  if (place.status.kind !== 'directory') {
    yield [{ name: place.path.at(-1)!, status: place.status }];
    return;
  }
  yield* tree.list(place, (_name, damage) => {
    if (notes.length < listingNotesMax) notes.push(damage.message);
  });
}

async function describeAll(
  { mount }: TreePlace,
  entries: readonly TreeEntry[],
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  for (const entry of entries) {
    const isLink = entry.status.kind === 'link';
    const target = isLink ? await mount?.fileSystem.readLink(entry.status.id) : undefined;
    reports.push(describeFile(entry, target));
  }
  return reports;
}

function standing(opened: OpenedTree): Pick<ListingReport, 'where' | 'asked' | 'point'> {
  return {
    where: opened.place.text,
    asked: isoMoment(opened.askedMicros),
    point: isoMoment(opened.pointMicros),
  };
}

import type { Micros } from '../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import { comparedContentBytesMax, fileVersionsMax } from '../base/limits.ts';
import type { FileTree, TreePlace } from '../content/file-tree.ts';
import { isSameContent } from '../content/same-content.ts';
import {
  findSpans,
  type PathHistory,
  type PathSpan,
  type PathState,
} from '../content/version-search.ts';
import type { FileStatus } from '../filesystem/file-system.ts';
import { volumePlaces } from '../filesystem/volume-places.ts';
import type { ByteRange, Repository } from '../repository/index.ts';
import { fileMoment } from './describe-file.ts';
import { findFilePlace } from './file-place.ts';
import type { ActionContext } from './long-action.ts';
import type { MomentFinder } from './moment-finder.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTree, OpenedTrees } from './opened-trees.ts';
import type { VersionCases } from './use-cases.ts';
import type {
  ContentChange,
  VersionReport,
  VersionsOrder,
  VersionsReport,
} from './version-report.ts';

/** What finding versions needs. */
export interface FileVersionsParts {
  /** Opens moments. */
  readonly trees: OpenedTrees;
  /** Tells what changed when. */
  readonly repository: Repository;
  /** Understands which moment is meant. */
  readonly moments: MomentFinder;
}

/** Finding the versions of a file: see VersionCases. */
export class FileVersions implements VersionCases {
  readonly #parts: FileVersionsParts;

  /** @param parts - see FileVersionsParts */
  constructor(parts: FileVersionsParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  async versions(order: VersionsOrder, action: ActionContext): Promise<VersionsReport> {
    const { repository, moments, trees } = this.#parts;
    const place = findFilePlace(order.where, repository.disks());
    const name = { machine: place.machine, disk: place.disks[0]! };
    const toMicros = await moments.find(name, order.to ?? 'now');
    const history = new FileHistory(order, this.#parts, action);
    const spans: PathSpan<FileState>[] = [];
    for await (const span of findSpans(history, toMicros)) {
      spans.push(span);
      if (spans.filter(isThere).length > fileVersionsMax) break;
    }
    const versions: VersionReport[] = [];
    for (const [index, span] of spans.entries()) {
      if (!isThere(span) || versions.length === fileVersionsMax) continue;
      const contentChange = await changeOf(trees, order, [span, ...spans.slice(index + 1)]);
      versions.push(
        reportOf(span, spans[index - 1], { number: versions.length + 1, contentChange }),
      );
    }
    if (versions.length === 0) {
      throw new SecondwindError('NO_SUCH_FILE', {
        path: order.path,
        where: `${order.where}, at any moment`,
      });
    }
    const isCut = spans.filter(isThere).length > fileVersionsMax;
    return { where: order.where, path: order.path, versions, isCut, lookCount: history.lookCount };
  }
}

/** What a path named, and where on the disks that lies. */
interface FileState extends PathState {
  /** The file; undefined where there was none. */
  readonly status: FileStatus | undefined;
  /** Ranges of each disk that the file and the directories on the way to it lie in. */
  readonly ranges: ReadonlyMap<string, readonly ByteRange[]>;
}

class FileHistory implements PathHistory<FileState> {
  lookCount = 0;
  readonly firstMicros: Micros;
  readonly #order: VersionsOrder;
  readonly #parts: FileVersionsParts;
  readonly #action: ActionContext;
  readonly #machine: string;

  constructor(order: VersionsOrder, parts: FileVersionsParts, action: ActionContext) {
    this.#order = order;
    this.#parts = parts;
    this.#action = action;
    const { machine, disks } = findFilePlace(order.where, parts.repository.disks());
    this.#machine = machine;
    const firsts = disks.map((disk) => parts.repository.disk({ machine, disk }).firstPointMicros);
    this.firstMicros = Math.min(...firsts.map((first) => first ?? Infinity));
  }

  async at(micros: Micros): Promise<FileState> {
    this.#action.signal.throwIfAborted();
    this.lookCount += 1;
    this.#action.progress({ phase: 'Looking', done: this.lookCount, total: 0, unit: 'moments' });
    const { where, path } = this.#order;
    try {
      return await this.#parts.trees.use(where, isoMoment(micros), (opened) =>
        stateOf(opened, path),
      );
    } catch (error) {
      // In a gap the last whole point before it tells.
      const before = isSecondwindError(error, 'POINT_IN_GAP')
        ? error.data['beforeMicros']
        : undefined;
      if (typeof before !== 'number' || before >= micros) throw error;
      return this.at(before);
    }
  }

  async *changes({ ranges }: FileState, toMicros: Micros): AsyncGenerator<Micros> {
    const disks = [...ranges].map(([disk, wanted]) =>
      this.#parts.repository
        .changeMoments(
          { machine: this.#machine, disk },
          { ranges: wanted, fromMicros: 0, toMicros },
        )
        [Symbol.asyncIterator](),
    );
    const heads = await Promise.all(disks.map((moments) => moments.next()));
    for (let last = Infinity; ; ) {
      let newest = -1;
      for (const [index, head] of heads.entries()) {
        if (head.done !== true && head.value > (heads[newest]?.value ?? -1)) newest = index;
      }
      const head = heads[newest];
      if (head === undefined || head.done === true) return;
      if (head.value < last) yield head.value;
      last = head.value;
      heads[newest] = await disks[newest]!.next();
    }
  }
}

async function stateOf(opened: OpenedTree, path: string): Promise<FileState> {
  const visited: TreePlace[] = [];
  const found = await resolved(opened.tree, path, visited);
  const ranges = new Map<string, ByteRange[]>();
  for (const { mount, status } of visited) {
    const volume = opened.volumes.find((each) => each.fileSystem === mount?.fileSystem)?.volume;
    if (mount === undefined || volume === undefined) continue;
    for (const { offsetBytes, lengthBytes } of await mount.fileSystem.ranges(status.id)) {
      for (const { disk, ...range } of volumePlaces(volume.spans, offsetBytes, lengthBytes)) {
        const known = ranges.get(disk);
        if (known === undefined) ranges.set(disk, [range]);
        else known.push(range);
      }
    }
  }
  const signature = found === undefined ? '' : signatureOf(found);
  return { pointMicros: opened.pointMicros, signature, status: found?.status, ranges };
}

async function resolved(
  tree: FileTree,
  path: string,
  visited: TreePlace[],
): Promise<TreePlace | undefined> {
  try {
    return await tree.resolve(path, { visited });
  } catch (error) {
    const isMissing =
      isSecondwindError(error, 'NO_SUCH_FILE') || isSecondwindError(error, 'NOT_A_DIRECTORY');
    if (!isMissing) throw error;
    return undefined;
  }
}

function signatureOf({ mount, status }: TreePlace): string {
  const { id, generation, kind, sizeBytes, modifiedMicros, changedMicros, createdMicros } = status;
  const facts = [
    mount?.volume,
    id,
    generation,
    kind,
    sizeBytes,
    modifiedMicros,
    changedMicros,
    createdMicros,
  ];
  return facts.join('\0');
}

function isThere({ state }: PathSpan<FileState>): boolean {
  return state.status !== undefined;
}

function reportOf(
  { fromMicros, state }: PathSpan<FileState>,
  next: PathSpan<FileState> | undefined,
  rest: Pick<VersionReport, 'number' | 'contentChange'>,
): VersionReport {
  const { kind, sizeBytes, modifiedMicros } = state.status!;
  return {
    ...rest,
    from: isoMoment(fromMicros),
    ...(next === undefined ? {} : { until: isoMoment(next.fromMicros) }),
    kind,
    sizeBytes,
    modified: fileMoment(modifiedMicros),
  };
}

/** Compares with the version before, if there is one; what is long and of the same length is not read. */
async function changeOf(
  trees: OpenedTrees,
  { where, path }: VersionsOrder,
  [span, ...older]: readonly [PathSpan<FileState>, ...PathSpan<FileState>[]],
): Promise<ContentChange> {
  const before = older.find(isThere);
  const [now, then] = [span.state.status!, before?.state.status];
  if (before === undefined || then === undefined) return 'first';
  if (now.sizeBytes !== then.sizeBytes || now.kind !== then.kind) return 'yes';
  if (now.kind !== 'file') return 'unknown';
  if (now.sizeBytes > comparedContentBytesMax) return 'unknown';
  const isSame = await trees.use(where, isoMoment(span.fromMicros), (left) =>
    trees.use(where, isoMoment(before.fromMicros), async (right) =>
      isSameContent(await left.tree.resolve(path), await right.tree.resolve(path)),
    ),
  );
  return isSame ? 'no' : 'yes';
}

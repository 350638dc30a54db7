import { namesFoundMax } from '../base/limits.ts';
import type { NameIndex } from '../content/name-index/name-index.ts';
import type { FoundName } from '../content/name-index/name-record.ts';
import { pathText } from '../content/path-text.ts';
import { fileMoment } from './describe-file.ts';
import type { BatchAction } from './long-action.ts';
import { isoMoment, microsOfIso } from './moments.ts';
import type { NameIndexer } from './name-indexer.ts';
import type { IndexedReport, NameOrder, NameReport, NamesReport } from './name-report.ts';
import type { NameCases } from './use-cases.ts';

/** Finding files by their names: see NameCases. */
export class NameSearch implements NameCases {
  readonly #index: NameIndex;
  readonly #indexer: NameIndexer;

  /**
   * @param index - where names are kept
   * @param indexer - brings them up to date
   */
  constructor(index: NameIndex, indexer: NameIndexer) {
    this.#index = index;
    this.#indexer = indexer;
  }

  /** @inheritdoc */
  async find(order: NameOrder, action: BatchAction<readonly NameReport[]>): Promise<NamesReport> {
    const notes = order.isRefreshed === true ? await this.#indexer.update(action) : [];
    const { pattern, machines, from, to, limitMax = namesFoundMax } = order;
    const search = {
      ...{ pattern, machines },
      fromMicros: from === undefined ? 0 : microsOfIso(from),
      toMicros: to === undefined ? Number.MAX_SAFE_INTEGER : microsOfIso(to),
    };
    let nameCount = 0;
    let emitted: Promise<void> = Promise.resolve();
    const onFound = (names: readonly FoundName[]): void => {
      nameCount += names.length;
      emitted = emitted.then(() => action.emit(names.map(nameReport)));
      // Awaited below; until then a reader that went away must not count as unheard.
      emitted.catch(() => undefined);
    };
    const limits = { limitMax: Math.min(limitMax, namesFoundMax), signal: action.signal, onFound };
    const isMore = await this.#index.find(search, limits);
    await emitted;
    return { nameCount, isMore, indexed: await this.#indexed(), notes };
  }

  async #indexed(): Promise<IndexedReport[]> {
    const volumes = await this.#index.call('volumes');
    return volumes.map(({ machine, volume, reachedMicros }) => ({
      where: `${machine}/${volume}`,
      ...(reachedMicros === 0 ? {} : { reached: isoMoment(reachedMicros) }),
    }));
  }
}

function nameReport(found: FoundName): NameReport {
  const { machine, volume, path, kind, sizeBytes, modifiedMicros, fromMicros, untilMicros } = found;
  return {
    where: `${machine}/${volume}`,
    path: pathText(path),
    ...{ kind, sizeBytes },
    modified: fileMoment(modifiedMicros),
    from: isoMoment(fromMicros),
    ...(untilMicros === undefined ? {} : { until: isoMoment(untilMicros) }),
  };
}

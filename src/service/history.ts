import { SecondwindError } from '../base/errors.ts';
import { changedRangesMax, timelinePointsMax } from '../base/limits.ts';
import { checkName } from '../base/names.ts';
import type { Repository, TimelinePoint } from '../repository/index.ts';
import type { Bookmarks } from './bookmarks.ts';
import type { BookmarkOrder, BookmarkReport } from './disk-report.ts';
import { throwIfInterrupted } from './interruption.ts';
import type { ActionContext } from './long-action.ts';
import type { MomentFinder } from './moment-finder.ts';
import { type AskedMoment, isoMoment, microsOfIso } from './moments.ts';
import type {
  ChangesReport,
  PointReport,
  TimelineQuestion,
  TimelineReport,
} from './timeline-report.ts';
import type { DiskAddress, HistoryCases } from './use-cases.ts';

/** Looking at history: see HistoryCases. */
export class History implements HistoryCases {
  readonly #repository: Repository;
  readonly #moments: MomentFinder;
  readonly #bookmarks: Bookmarks;

  /**
   * @param repository - what happened
   * @param moments - understands which moment is meant
   * @param bookmarks - named moments
   */
  constructor(repository: Repository, moments: MomentFinder, bookmarks: Bookmarks) {
    this.#repository = repository;
    this.#moments = moments;
    this.#bookmarks = bookmarks;
  }

  /** @inheritdoc */
  timeline(question: TimelineQuestion): TimelineReport {
    const { machine, disk, from, to } = question;
    const part = disk === undefined ? {} : { disk };
    const found = this.#repository.timeline({
      machine,
      ...part,
      ...(from === undefined ? {} : { fromMicros: microsOfIso(from) }),
      ...(to === undefined ? {} : { toMicros: microsOfIso(to) }),
      limit: Math.min(question.limit ?? timelinePointsMax, timelinePointsMax),
    });
    return {
      machine,
      ...part,
      points: found.points.map(pointReport),
      gaps: found.gaps.map((gap) => ({
        disk: gap.disk,
        from: isoMoment(gap.fromMicros),
        ...(gap.toMicros === undefined ? {} : { to: isoMoment(gap.toMicros) }),
      })),
      isCut: found.isCut,
    };
  }

  /** @inheritdoc */
  async bookmark(machine: string, order: BookmarkOrder): Promise<BookmarkReport> {
    const name = checkName('bookmark', order.name);
    const at = order.at === undefined || order.at === 'now' ? undefined : order.at;
    const atMicros = at === undefined ? undefined : await this.#momentOf(machine, at);
    const micros = await this.#bookmarks.set(machine, name, atMicros);
    return { machine, name, time: isoMoment(micros) };
  }

  /** @inheritdoc */
  async changes(
    name: DiskAddress,
    span: { readonly from: AskedMoment; readonly to: AskedMoment },
    { progress, signal }: ActionContext,
  ): Promise<ChangesReport> {
    const from = await this.#moments.open(name, span.from);
    await from.view.close();
    const to = await this.#moments.open(name, span.to);
    await to.view.close();
    const ranges: { offsetBytes: number; lengthBytes: number }[] = [];
    let changedBytes = 0;
    let rangeCount = 0;
    const { sizeBytes } = to.view;
    for await (const range of this.#repository.changedRanges(
      name,
      from.askedMicros,
      to.askedMicros,
    )) {
      throwIfInterrupted(signal, 'Comparing two moments');
      rangeCount += 1;
      changedBytes += range.lengthBytes;
      if (ranges.length < changedRangesMax) ranges.push(range);
      progress({ phase: 'Comparing', done: range.offsetBytes, total: sizeBytes, unit: 'bytes' });
    }
    return {
      ...name,
      fromPoint: isoMoment(from.view.timeMicros),
      toPoint: isoMoment(to.view.timeMicros),
      changedBytes,
      rangeCount,
      ranges,
      isCut: rangeCount > ranges.length,
    };
  }

  /** A bookmark needs a point that its moment can show, on some disk of the machine. */
  async #momentOf(machine: string, at: AskedMoment): Promise<number> {
    const disks = this.#repository.disks().filter((disk) => disk.name.machine === machine);
    const first = disks.toSorted(
      (left, right) => (left.firstPointMicros ?? Infinity) - (right.firstPointMicros ?? Infinity),
    )[0];
    if (first === undefined) throw new SecondwindError('UNKNOWN_MACHINE', { machine });
    const { view, askedMicros } = await this.#moments.open(first.name, at);
    await view.close();
    return askedMicros;
  }
}

function pointReport(point: TimelinePoint): PointReport {
  const { timeMicros, notes, ...rest } = point;
  return {
    time: isoMoment(timeMicros),
    ...rest,
    notes: notes.map(({ fromMicros, ...note }) => ({
      ...note,
      ...(fromMicros === undefined ? {} : { from: isoMoment(fromMicros) }),
    })),
  };
}

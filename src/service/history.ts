import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { timelinePointsMax } from '../base/limits.ts';
import { checkName } from '../base/names.ts';
import { compareMoments } from '../recovery/compare/compare-moments.ts';
import type { Repository, TimelineGap, TimelinePoint } from '../repository/index.ts';
import type { Bookmarks } from './bookmarks.ts';
import type { Catalogue } from './catalogue.ts';
import type { BookmarkOrder, BookmarkReport } from './disk-report.ts';
import type { ActionContext } from './long-action.ts';
import type { MomentFinder } from './moment-finder.ts';
import { type AskedMoment, isoMoment, microsOfIso } from './moments.ts';
import { type TimelineSpan, timelinePages } from './timeline-pages.ts';
import type {
  ChangesOrder,
  ChangesReport,
  GapReport,
  NoteReport,
  PointReport,
  TimelineQuestion,
  TimelineReport,
} from './timeline-report.ts';
import type { DiskAddress, HistoryCases } from './use-cases.ts';
import { diskHealth } from './verify/disk-health.ts';
import type { DiskHealthReport } from './verify/health-report.ts';
import { watchRecovery } from './watch-recovery.ts';

/** What looking at history needs. */
export interface HistoryParts {
  /** What happened. */
  readonly repository: Repository;
  /** Understands which moment is meant. */
  readonly moments: MomentFinder;
  /** Named moments. */
  readonly bookmarks: Bookmarks;
  /** Knows which points were checked. */
  readonly catalogue: Catalogue;
  /** Measures speed. */
  readonly clock: Clock;
}

/** Looking at history: see HistoryCases. */
export class History implements HistoryCases {
  readonly #repository: Repository;
  readonly #moments: MomentFinder;
  readonly #bookmarks: Bookmarks;
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  /** @param parts - see HistoryParts */
  constructor(parts: HistoryParts) {
    this.#repository = parts.repository;
    this.#moments = parts.moments;
    this.#bookmarks = parts.bookmarks;
    this.#catalogue = parts.catalogue;
    this.#clock = parts.clock;
  }

  /** @inheritdoc */
  async timeline(question: TimelineQuestion): Promise<TimelineReport> {
    const { machine, disk } = question;
    if (disk !== undefined) this.#repository.disk({ machine, disk });
    const limit = Math.min(question.limit ?? timelinePointsMax, timelinePointsMax);
    const verified = this.#verified(question);
    const newestFirst: PointReport[] = [];
    let gaps: readonly GapReport[] | undefined;
    for await (const page of timelinePages(this.#repository, spanOf(question))) {
      gaps ??= page.gaps.filter((gap) => disk === undefined || gap.disk === disk).map(gapReport);
      const points = page.points.filter((point) => isAbout(point, disk));
      newestFirst.push(...points.toReversed().map((point) => pointReport(point, verified)));
      if (newestFirst.length > limit) break;
    }
    return {
      machine,
      ...(disk === undefined ? {} : { disk }),
      points: newestFirst.slice(0, limit).reverse(),
      gaps: gaps ?? [],
      isCut: newestFirst.length > limit,
      health: this.#health(question),
    };
  }

  /** @inheritdoc */
  async bookmark(machine: string, order: BookmarkOrder): Promise<BookmarkReport> {
    const name = checkName('bookmark', order.name);
    const at = order.at === undefined || order.at === 'now' ? undefined : order.at;
    if (order.isQuiesced === true) {
      if (at !== undefined) {
        throw new SecondwindError('USAGE', {
          reason: 'Only this moment can be quiesced, no other',
        });
      }
      return { machine, name, time: isoMoment(await this.#bookmarks.setQuiesced(machine, name)) };
    }
    const atMicros = at === undefined ? undefined : await this.#momentOf(machine, at);
    const micros = await this.#bookmarks.set(machine, name, atMicros);
    return { machine, name, time: isoMoment(micros) };
  }

  /** @inheritdoc */
  async changes(
    name: DiskAddress,
    order: ChangesOrder,
    action: ActionContext,
  ): Promise<ChangesReport> {
    await using closing = new AsyncDisposableStack();
    const from = await this.#moments.open(name, order.from, { isReadOnce: true });
    closing.defer(() => from.view.close());
    const to = await this.#moments.open(name, order.to, { isReadOnce: true });
    closing.defer(() => to.view.close());
    const difference = await compareMoments({
      from: from.view,
      to: to.view,
      changedRanges: this.#repository.changedRanges(name, from.askedMicros, to.askedMicros),
      isExact: order.isExact ?? false,
      clock: this.#clock,
      ...watchRecovery(action),
    });
    return {
      ...name,
      fromPoint: isoMoment(from.view.timeMicros),
      toPoint: isoMoment(to.view.timeMicros),
      changedBytes: difference.changedBytes,
      rangeCount: difference.rangeCount,
      ranges: difference.ranges,
      isCut: difference.isCut,
      isExact: difference.isExact,
    };
  }

  #health({ machine, disk }: TimelineQuestion): readonly DiskHealthReport[] {
    const names = this.#repository.disks().map(({ name }) => name);
    const asked = names.filter(
      (name) => name.machine === machine && (disk === undefined || name.disk === disk),
    );
    return asked.flatMap((name) => diskHealth(this.#catalogue, name) ?? []);
  }

  /** Marks of the points that were checked. */
  #verified({ machine, disk }: TimelineQuestion): VerifiedMarks {
    const marks = new Map<number, NoteReport[]>();
    for (const { place, pointMicros, report } of this.#catalogue.verifications(machine)) {
      const [, checkedDisk] = place.split('/');
      if (disk !== undefined && checkedDisk !== undefined && checkedDisk !== disk) continue;
      const about = checkedDisk === undefined ? {} : { disk: checkedDisk };
      const mark: NoteReport = { kind: 'verified', ...about, text: report.verdict };
      marks.set(pointMicros, [...(marks.get(pointMicros) ?? []), mark]);
    }
    return marks;
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

function spanOf({ machine, from, to }: TimelineQuestion): TimelineSpan {
  return {
    machine,
    fromMicros: from === undefined ? undefined : microsOfIso(from),
    toMicros: to === undefined ? undefined : microsOfIso(to),
  };
}

function isAbout(point: TimelinePoint, disk: string | undefined): boolean {
  if (disk === undefined || point.disks.some((part) => part.disk === disk)) return true;
  return point.notes.some((note) => note.disk === undefined || note.disk === disk);
}

function gapReport({ disk, fromMicros, toMicros }: TimelineGap): GapReport {
  const from = isoMoment(fromMicros);
  return toMicros === undefined ? { disk, from } : { disk, from, to: isoMoment(toMicros) };
}

/** By the time of their point. */
type VerifiedMarks = ReadonlyMap<number, readonly NoteReport[]>;

function pointReport(point: TimelinePoint, verified: VerifiedMarks): PointReport {
  const { timeMicros, notes, ...rest } = point;
  return {
    time: isoMoment(timeMicros),
    ...rest,
    notes: [
      ...notes.map(({ fromMicros, ...note }) => ({
        ...note,
        ...(fromMicros === undefined ? {} : { from: isoMoment(fromMicros) }),
      })),
      ...(verified.get(timeMicros) ?? []),
    ],
  };
}

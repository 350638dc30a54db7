import { microsOfIso } from '../../service/moments.ts';
import type { PointReport, TimelineReport } from '../../service/timeline-report.ts';

/** One interval of a timeline. */
export interface TimelineInterval {
  /** First moment, microseconds since 1970. */
  readonly startMicros: number;
  /** Bytes of changed blocks. */
  readonly changedBytes: number;
  /** Bytes added to the store. */
  readonly storedBytes: number;
  /** Commits. */
  readonly pointCount: number;
  /** Whether some disk cannot be restored at some moment of it. */
  readonly isGap: boolean;
  /** Bookmarks and other marks, in words. */
  readonly marks: readonly string[];
}

/** Most intervals in a picture. */
const intervalsMax = 30;
/** Lengths that an interval may have, seconds: those of clocks. */
const lengthsSeconds = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];
const daySeconds = 86_400;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * Divides a timeline into intervals as clocks do.
 * @param timeline - from a report
 * @returns intervals in order, without holes; none when there are no points and no gaps
 */
export function intervalsOf(timeline: TimelineReport): TimelineInterval[] {
  const moments = [
    ...timeline.points.map((point) => point.time),
    ...timeline.gaps.flatMap((gap) => (gap.to === undefined ? [gap.from] : [gap.from, gap.to])),
  ].map(microsOfIso);
  if (moments.length === 0) return [];
  const first = moments.reduce((least, moment) => Math.min(least, moment));
  const last = moments.reduce((most, moment) => Math.max(most, moment));
  const lengthMicros = intervalMicros(last - first);
  const start = Math.floor(first / lengthMicros) * lengthMicros;
  const count = Math.floor((last - start) / lengthMicros) + 1;
  const drawn = Array.from({ length: count }, (_, index) =>
    emptyInterval(start + index * lengthMicros),
  );
  for (const point of timeline.points) {
    addPoint(drawn[Math.floor((microsOfIso(point.time) - start) / lengthMicros)]!, point);
  }
  markGaps(drawn, timeline, lengthMicros);
  return drawn;
}

/**
 * Draws a bar.
 * @param share - 0 to 1 of the width
 * @param width - characters
 */
export function barOf(share: number, width: number): string {
  const units = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8));
  return '█'.repeat(Math.floor(units / 8)) + eighths[units % 8]!;
}

type Drawn = { -readonly [Field in keyof TimelineInterval]: TimelineInterval[Field] } & {
  marks: string[];
};

function emptyInterval(startMicros: number): Drawn {
  return { startMicros, changedBytes: 0, storedBytes: 0, pointCount: 0, isGap: false, marks: [] };
}

function addPoint(interval: Drawn, point: PointReport): void {
  interval.changedBytes += point.changedBytes;
  interval.storedBytes += point.storedBytes;
  interval.pointCount += 1;
  for (const note of point.notes) {
    interval.marks.push(note.kind === 'bookmark' ? `◆ ${note.text}` : `${note.kind}: ${note.text}`);
  }
}

function markGaps(drawn: readonly Drawn[], timeline: TimelineReport, lengthMicros: number): void {
  for (const gap of timeline.gaps) {
    const from = microsOfIso(gap.from);
    const to = gap.to === undefined ? Infinity : microsOfIso(gap.to);
    for (const interval of drawn) {
      const isTouched = interval.startMicros < to && interval.startMicros + lengthMicros > from;
      interval.isGap ||= isTouched;
    }
  }
}

function intervalMicros(spanMicros: number): number {
  const leastSeconds = spanMicros / 1e6 / intervalsMax;
  const clockLength = lengthsSeconds.find((length) => length >= leastSeconds);
  return 1e6 * (clockLength ?? Math.ceil(leastSeconds / daySeconds) * daySeconds);
}

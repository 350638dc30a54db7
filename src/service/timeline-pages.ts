import { setImmediate as turn } from 'node:timers/promises';
import type { Micros } from '../base/clock.ts';
import { timelinePageMax } from '../base/limits.ts';
import type { Repository, Timeline } from '../repository/index.ts';

/** Which part of a machine's timeline is walked. */
export interface TimelineSpan {
  /** The machine. */
  readonly machine: string;
  /** First moment; the beginning when left out. */
  readonly fromMicros?: Micros | undefined;
  /** Last moment; the newest when left out. */
  readonly toMicros?: Micros | undefined;
}

/**
 * Walks a timeline from its newest page to its oldest. A page is read in one go, while disks that are served wait; so pages
 * are small, and between them others have their turn.
 * @param repository - whose timeline
 * @param span - which part
 * @returns pages; the first one has the gaps of the whole span
 * @throws UNKNOWN_MACHINE
 */
export async function* timelinePages(
  repository: Repository,
  span: TimelineSpan,
): AsyncGenerator<Timeline, void> {
  const { machine, fromMicros = 0 } = span;
  let { toMicros } = span;
  for (;;) {
    const until = toMicros === undefined ? {} : { toMicros };
    const page = repository.timeline({ machine, fromMicros, ...until, limit: timelinePageMax });
    yield page;
    const oldest = page.points[0];
    if (!page.isCut || oldest === undefined) return;
    toMicros = oldest.timeMicros - 1;
    await turn();
  }
}

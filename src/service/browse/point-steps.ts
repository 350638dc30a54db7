import type { Micros } from '../../base/clock.ts';
import type { Repository } from '../../repository/index.ts';

/** A span of a machine's history. */
export interface HistorySpan {
  /** The machine. */
  readonly machine: string;
  /** First moment. */
  readonly fromMicros: Micros;
  /** Last moment. */
  readonly toMicros: Micros;
}

/**
 * Finds the steps of a calendar (days, hours, seconds) in which a machine has points, newest first. It leaps from step to
 * step, so that a step with a million points costs no more than one with a single one.
 * @param repository - whose points
 * @param span - which part of history
 * @param startOf - first moment of the step that holds a moment
 * @returns the newest point of each step
 */
export function* pointSteps(
  repository: Repository,
  span: HistorySpan,
  startOf: (micros: Micros) => Micros,
): Generator<Micros> {
  const { machine, fromMicros } = span;
  for (let toMicros = span.toMicros; toMicros >= fromMicros; ) {
    const newest = repository.timeline({ machine, fromMicros, toMicros, limit: 1 }).points.at(-1);
    if (newest === undefined) return;
    yield newest.timeMicros;
    toMicros = startOf(newest.timeMicros) - 1;
  }
}

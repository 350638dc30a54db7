import { SecondwindError } from '../base/errors.ts';

/** How to run lanes. */
export interface LaneOptions<Lane> {
  /** What each lane owns, such as buffers; one lane for each. */
  readonly lanes: readonly Lane[];
  /** What is being done, as the start of a sentence: "Restoring web/root". */
  readonly action: string;
  /** Ends the work early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Works through items in several lanes at once, so that reads, decoding and writes overlap while memory stays bounded by
 * what the lanes own. Ends only when every lane has ended: what they borrowed is then free again.
 * @param items - taken in order, each by the next free lane
 * @param work - deals with one item
 * @param options - see LaneOptions
 * @throws INTERRUPTED by the signal; else the first error of any lane, after which no lane takes another item
 */
export async function runLanes<Item, Lane>(
  items: AsyncGenerator<Item, void>,
  work: (item: Item, lane: Lane) => Promise<void>,
  options: LaneOptions<Lane>,
): Promise<void> {
  const failures: unknown[] = [];
  const runLane = async (lane: Lane): Promise<void> => {
    try {
      while (failures.length === 0) {
        assertGoesOn(options);
        const { done, value } = await items.next();
        if (done === true) return;
        await work(value, lane);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(options.lanes.map(runLane));
  await items.return();
  if (failures.length > 0) throw failures[0];
}

/**
 * Ends work that somebody no longer wants.
 * @param options - the action's name, and the signal
 * @throws INTERRUPTED when the signal is aborted
 */
export function assertGoesOn(options: Pick<LaneOptions<unknown>, 'action' | 'signal'>): void {
  if (options.signal?.aborted !== true) return;
  throw new SecondwindError('INTERRUPTED', { action: options.action }, options.signal.reason);
}

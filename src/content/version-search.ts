import type { Micros } from '../base/clock.ts';
import { versionMomentsMax } from '../base/limits.ts';

/** What a path named at a moment. */
export interface PathState {
  /** The newest commit at that moment. */
  readonly pointMicros: Micros;
  /** Equal exactly where the path named the same file in the same state: identity, size and times; "" where it named none. */
  readonly signature: string;
}

/** A history that can be looked at anywhere. */
export interface PathHistory<State extends PathState> {
  /** The first moment that can be looked at. */
  readonly firstMicros: Micros;
  /** What the path named at a moment, which is not before the first one. */
  at(micros: Micros): Promise<State>;
  /** Moments at which anything changed that this state stands on, newest first, all before or at `toMicros`. */
  changes(state: State, toMicros: Micros): AsyncIterable<Micros>;
}

/** A span of time in which a path named the same. */
export interface PathSpan<State extends PathState> {
  /** The commit it begins with. */
  readonly fromMicros: Micros;
  readonly state: State;
}

/** Where there is no file, moments are looked at one by one so far back: a file may have been there for a moment. */
const absentStepsMax = 64;

/**
 * Finds every state that a path went through, newest first. It looks only at moments at which something changed where the file, or a
 * directory on the way to it, lies; and of these not at all: a state has times in it that never come again, so when it is the same at two
 * moments it was the same between them.
 *
 * A file system's journal is why a change may show earlier than where the file itself lies: then the commit is looked for by halving.
 * @param history - see PathHistory
 * @param toMicros - where the search begins
 */
export async function* findSpans<State extends PathState>(
  history: PathHistory<State>,
  toMicros: Micros,
): AsyncGenerator<PathSpan<State>> {
  let state: State | undefined = await history.at(toMicros);
  while (state !== undefined) {
    const begin: Begin<State> = await beginOf(history, state);
    yield { fromMicros: begin.fromMicros, state };
    state = begin.before;
  }
}

interface Begin<State> {
  readonly fromMicros: Micros;
  /** What was before; undefined at the beginning of the history. */
  readonly before: State | undefined;
}

async function beginOf<State extends PathState>(
  history: PathHistory<State>,
  state: State,
): Promise<Begin<State>> {
  const moments: Micros[] = [];
  let sameMicros = state.pointMicros;
  let [checked, step] = [-1, 1];
  for await (const moment of history.changes(state, state.pointMicros)) {
    if (moment <= history.firstMicros || moments.length >= versionMomentsMax) break;
    moments.push(moment);
    const index = moments.length - 1;
    if (index < checked + step) continue;
    if ((await history.at(moment - 1)).signature !== state.signature) {
      return narrow(history, state, { moments: moments.slice(checked + 1), sameMicros });
    }
    sameMicros = moment - 1;
    checked = index;
    if (state.signature !== '' || index >= absentStepsMax) step *= 2;
  }
  return narrow(history, state, {
    moments: [...moments.slice(checked + 1), history.firstMicros + 1],
    sameMicros,
  });
}

/** Among moments, newest first, of which the last one may be a change of the state, finds the newest that is. */
async function narrow<State extends PathState>(
  history: PathHistory<State>,
  state: State,
  known: { readonly moments: readonly Micros[]; readonly sameMicros: Micros },
): Promise<Begin<State>> {
  let { sameMicros } = known;
  let [low, high] = [0, known.moments.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const before = known.moments[middle]! - 1;
    if ((await history.at(before)).signature === state.signature) {
      low = middle + 1;
      sameMicros = before;
    } else {
      high = middle;
    }
  }
  const otherMicros = known.moments[low]! - 1;
  const other = await history.at(otherMicros);
  if (other.signature === state.signature)
    return { fromMicros: other.pointMicros, before: undefined };
  return halve(history, state, { otherMicros, sameMicros });
}

/** Between a moment at which it was another one and a later one at which it was the same, finds the commit. */
async function halve<State extends PathState>(
  history: PathHistory<State>,
  state: State,
  span: { readonly otherMicros: Micros; readonly sameMicros: Micros },
): Promise<Begin<State>> {
  let low = span.otherMicros;
  let high = (await history.at(span.sameMicros)).pointMicros;
  // Mostly it is the commit right after the other moment.
  for (let middle = low + 1; high - low > 1; middle = low + Math.floor((high - low) / 2)) {
    const found = await history.at(middle);
    if (found.signature === state.signature) high = found.pointMicros;
    else low = middle;
  }
  return { fromMicros: high, before: await history.at(high - 1) };
}

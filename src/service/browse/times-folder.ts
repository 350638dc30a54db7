import type { Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { parseTimeText } from '../../base/time-text.ts';
import type { ServedEntry, ServedFile } from '../../filesystem/served-tree.ts';
import type { BrowseParts } from './browse-parts.ts';
import { FileAtMoment } from './file-at-moment.ts';
import { folderEntries, ListedFolder } from './listed-folder.ts';
import { pointSteps } from './point-steps.ts';
import { type SecondNames, secondNames, spanOfNames } from './second-names.ts';

type KnownNames = Partial<SecondNames> & { readonly day: string };

/** Names given out at once. */
const batchNames = 500;

/**
 * The folder "times" of a machine: days, in each its hours, in each the seconds that have points. Whoever writes a time instead of
 * choosing one ("10 minutes ago", "2026-11-21 14:05:09") gets the machine as it stood then.
 * @param parts - see BrowseParts
 * @param machine - whose times
 */
export function timesFolder(parts: BrowseParts, machine: string): ListedFolder {
  const whole = { fromMicros: 0, toMicros: Number.MAX_SAFE_INTEGER - 1 };
  const dayOf = (micros: Micros): KnownNames => ({ day: secondNames(micros, parts.timeZone).day });
  return new ListedFolder({
    key: `${machine}/times`,
    isLive: true,
    modifiedMicros: parts.repository.lastMicros,
    list: () => steps(parts, { machine, ...whole }, (micros) => [dayOf(micros), 'day']),
    find: async (name) =>
      spanOfNames({ day: name }, parts.timeZone) === undefined
        ? momentFolder(parts, machine, name)
        : dayFolder(parts, machine, name),
  });
}

function dayFolder(parts: BrowseParts, machine: string, day: string): ListedFolder | undefined {
  const { timeZone } = parts;
  const span = spanOfNames({ day }, timeZone);
  if (span === undefined) return undefined;
  const hourOf = (micros: Micros): KnownNames => ({
    day,
    hour: secondNames(micros, timeZone).hour,
  });
  return new ListedFolder({
    key: `${machine}/times/${day}`,
    isLive: isGrowing(parts, machine, span.toMicros),
    modifiedMicros: span.fromMicros,
    list: () => steps(parts, { machine, ...span }, (micros) => [hourOf(micros), 'hour']),
    find: async (hour) => hourFolder(parts, machine, { day, hour }),
  });
}

function hourFolder(
  parts: BrowseParts,
  machine: string,
  names: { readonly day: string; readonly hour: string },
): ListedFolder | undefined {
  const { day, hour } = names;
  const { timeZone } = parts;
  const span = spanOfNames(names, timeZone);
  if (span === undefined) return undefined;
  const secondOf = (micros: Micros): KnownNames => ({
    day,
    second: secondNames(micros, timeZone).second,
  });
  return new ListedFolder({
    key: `${machine}/times/${day}/${hour}`,
    isLive: isGrowing(parts, machine, span.toMicros),
    modifiedMicros: span.fromMicros,
    list: () => steps(parts, { machine, ...span }, (micros) => [secondOf(micros), 'second']),
    find: async (second) => {
      const found = spanOfNames({ day, second }, timeZone);
      return found === undefined ? undefined : shownAt(parts, machine, found.toMicros);
    },
  });
}

/** Whether points of a machine may still be added up to a moment. What others have says nothing: a machine may send late. */
function isGrowing({ repository }: BrowseParts, machine: string, toMicros: Micros): boolean {
  const newest = repository.timeline({ machine, limit: 1 }).points.at(-1);
  return newest === undefined || newest.timeMicros <= toMicros;
}

async function* steps(
  parts: BrowseParts,
  span: { readonly machine: string; readonly fromMicros: Micros; readonly toMicros: Micros },
  stepOf: (micros: Micros) => readonly [KnownNames, keyof SecondNames],
): AsyncGenerator<readonly ServedEntry[]> {
  const startOf = (micros: Micros): Micros =>
    spanOfNames(stepOf(micros)[0], parts.timeZone)!.fromMicros;
  let names: string[] = [];
  for (const micros of pointSteps(parts.repository, span, startOf)) {
    const [known, level] = stepOf(micros);
    names.push(known[level]!);
    if (names.length < batchNames) continue;
    yield folderEntries(names);
    names = [];
  }
  yield folderEntries(names);
}

/** What a person wrote instead of choosing a name. */
async function momentFolder(
  parts: BrowseParts,
  machine: string,
  text: string,
): Promise<ServedFile | undefined> {
  try {
    const { timeZone, clock } = parts;
    return await shownAt(
      parts,
      machine,
      parseTimeText(text, { nowMicros: clock.nowMicros(), timeZone }),
    );
  } catch (error) {
    if (isSecondwindError(error, 'TIME_NOT_UNDERSTOOD')) return undefined;
    throw error;
  }
}

/**
 * A machine as it stood. Between two commits nothing changes, so what is shown is known by its commit.
 * @param parts - see BrowseParts
 * @param machine - which
 * @param micros - any moment
 * @returns undefined when it has no point before that moment
 */
export async function shownAt(
  parts: BrowseParts,
  machine: string,
  micros: Micros,
): Promise<ServedFile | undefined> {
  const { repository, trees } = parts;
  const query = { machine, fromMicros: 0, toMicros: micros, limit: 1 };
  const newest = repository.timeline(query).points.at(-1);
  if (newest === undefined) return undefined;
  return FileAtMoment.root({ trees, machine, micros: newest.timeMicros });
}

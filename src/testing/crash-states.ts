import { integerBelow, type Random } from '../base/random.ts';
import { type CrashFile, type CrashStep, folderOf, written } from './crash-storage.ts';

/** Decides what a power cut leaves: given a number of possibilities, one of them. */
export type Choice = (possibilities: number) => number;

/** Units in which a drive writes whole or not at all, bytes. */
const tearUnits = [512, 4096];
/** Units of one torn write that are chosen one by one; the rest goes all the same way. */
const tornUnitsMax = 24;

/**
 * Files as a power cut leaves them. POSIX, not a particular file system: every write that no later successful sync of its file
 * covers may be lost, kept, torn, or have only made the file longer; every name whose folder was not synced since may be
 * there or not.
 * @param before - files at the start of the log, by name; they are durable
 * @param steps - taken until the cut
 * @param choose - decides
 */
export function filesAfterCut(
  before: ReadonlyMap<string, CrashFile>,
  steps: readonly CrashStep[],
  choose: Choice,
): Map<string, Buffer> {
  const contents = contentsAfterCut(steps, choose);
  const names = new Map(before);
  const durableNames = durableNameSteps(steps);
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'link' && step.kind !== 'rename' && step.kind !== 'unlink') continue;
    if (!durableNames.has(index) && choose(2) === 0) continue;
    if (step.kind === 'rename') names.delete(step.from);
    if (step.kind === 'unlink') names.delete(step.name);
    else names.set(step.name, step.file);
  }
  return new Map([...names].map(([name, file]) => [name, contents.get(file) ?? file.initial]));
}

function contentsAfterCut(steps: readonly CrashStep[], choose: Choice): Map<CrashFile, Buffer> {
  const durable = durableWrites(steps);
  const contents = new Map<CrashFile, Buffer>();
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'write') continue;
    const content = contents.get(step.file) ?? Buffer.from(step.file.initial);
    const { data, offsetBytes } = step;
    const after = durable.has(index)
      ? written(content, data, offsetBytes)
      : writeAfterCut(content, step, choose);
    contents.set(step.file, after);
  }
  return contents;
}

/** Numbers of the writes that a successful sync covers. A failed one leaves what it should have covered open for good. */
function durableWrites(steps: readonly CrashStep[]): Set<number> {
  const durable = new Set<number>();
  const waiting = new Map<CrashFile, number[]>();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'write') waiting.set(step.file, [...(waiting.get(step.file) ?? []), index]);
    if (step.kind !== 'sync' && step.kind !== 'lost-sync') continue;
    if (step.kind === 'sync') for (const write of waiting.get(step.file) ?? []) durable.add(write);
    waiting.delete(step.file);
  }
  return durable;
}

function durableNameSteps(steps: readonly CrashStep[]): Set<number> {
  const durable = new Set<number>();
  const lastSync = new Map<string, number>();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'sync-folder') lastSync.set(step.folder, index);
  }
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'link' && step.kind !== 'rename' && step.kind !== 'unlink') continue;
    if (index < (lastSync.get(folderOf(step.name)) ?? -1)) durable.add(index);
  }
  return durable;
}

function writeAfterCut(
  content: Buffer,
  { data, offsetBytes }: { readonly data: Buffer; readonly offsetBytes: number },
  choose: Choice,
): Buffer {
  const fate = choose(4);
  if (fate === 0) return content;
  if (fate === 1) return written(content, data, offsetBytes);
  // The file has its new length, but of the bytes only some units have reached the disk.
  const longer = written(content, Buffer.alloc(0), offsetBytes + data.length);
  if (fate === 2) return longer;
  const unitBytes = tearUnits[choose(tearUnits.length)]!;
  const firstUnit = Math.floor(offsetBytes / unitBytes);
  const unitCount = Math.ceil((offsetBytes + data.length) / unitBytes) - firstUnit;
  const rest = unitCount > tornUnitsMax && choose(2) === 1;
  for (let unit = 0; unit < unitCount; unit++) {
    const isThere = unit < tornUnitsMax ? choose(2) === 1 : rest;
    if (!isThere) continue;
    const from = Math.max(0, (firstUnit + unit) * unitBytes - offsetBytes);
    const to = Math.min(data.length, (firstUnit + unit + 1) * unitBytes - offsetBytes);
    longer.set(data.subarray(from, to), offsetBytes + from);
  }
  return longer;
}

/**
 * Chooses by chance; again and again the same for the same seed.
 * @param random - where it comes from
 */
export function chanceChoice(random: Random): Choice {
  return (possibilities) => integerBelow(random, possibilities);
}

/**
 * Goes through every combination of choices, like the numbers of a counter, up to a limit.
 * @param limit - most combinations
 * @param attempt - runs with one combination; must ask for the same choices when given the same answers
 * @returns how many there were, and whether that was all
 */
export async function everyChoice(
  limit: number,
  attempt: (choose: Choice) => Promise<void>,
): Promise<{ readonly count: number; readonly isComplete: boolean }> {
  let path: { digit: number; possibilities: number }[] = [];
  for (let count = 1; ; count++) {
    let position = 0;
    await attempt((possibilities) => {
      path[position] ??= { digit: 0, possibilities };
      return path[position++]!.digit;
    });
    path = path.slice(0, position);
    while (path.length > 0 && path.at(-1)!.digit + 1 >= path.at(-1)!.possibilities) path.pop();
    if (path.length === 0) return { count, isComplete: true };
    if (count >= limit) return { count, isComplete: false };
    path.at(-1)!.digit++;
  }
}

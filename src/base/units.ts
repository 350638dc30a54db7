import { SecondwindError } from './errors.ts';

const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in each unit people write; single letters are powers of 1024, as everywhere in storage tools. */
const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  byte: 1,
  bytes: 1,
  ...unitPowers('k', 'm', 'g', 't', 'p'),
};

/** Milliseconds in each unit people write. Months and years are left out: they have no one length. */
const msPerUnit: Readonly<Record<string, number>> = {
  ...sameFor(1, 'ms', 'millisecond', 'milliseconds'),
  ...sameFor(1000, 's', 'sec', 'secs', 'second', 'seconds'),
  ...sameFor(60_000, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...sameFor(3_600_000, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...sameFor(86_400_000, 'd', 'day', 'days'),
  ...sameFor(604_800_000, 'w', 'week', 'weeks'),
};

/**
 * Writes a size for people: "4 KiB", "1.44 MiB", three figures at most.
 * @param bytes - bytes, 0 or more
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 would be written "1024", which is the next unit's "1".
  while (Math.round(value) >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  return `${threeFigures(value)} ${byteUnits[unit]!}`;
}

/**
 * Writes a throughput for people: "133 MiB/s".
 * @param bytes - bytes moved, 0 or more
 * @param durationMs - time it took, milliseconds; 0 is taken as the shortest that can be told
 */
export function formatRate(bytes: number, durationMs: number): string {
  return `${formatBytes(Math.round((bytes * 1000) / Math.max(durationMs, 0.001)))}/s`;
}

/**
 * Writes a number for people: "1,234,567".
 * @param count - any whole number
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * Writes a number of things: "1 disk", "2,000 disks".
 * @param count - whole number, 0 or more
 * @param noun - the thing, in the singular
 * @param nounPlural - the things; the singular with an s when left out
 */
export function formatCountOf(
  count: number,
  noun: string,
  nounPlural: string = `${noun}s`,
): string {
  return `${formatCount(count)} ${count === 1 ? noun : nounPlural}`;
}

/**
 * Writes a duration for people, its two largest units: "350 ms", "4.2 s", "1m 05s", "2h 03m", "3d 04h".
 * @param durationMs - milliseconds, 0 or more
 */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${threeFigures(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return twoUnits(seconds, 60, 'm', 's');
  if (seconds < 86_400) return twoUnits(Math.round(seconds / 60), 60, 'h', 'm');
  return twoUnits(Math.round(seconds / 3600), 24, 'd', 'h');
}

/**
 * Reads a size as people write it: "4096", "4k", "1.5 GiB" (powers of 1024), "2 GB" (powers of 1000).
 * @param text - the size
 * @returns bytes, a safe integer of 0 or more
 * @throws USAGE when it is no size, or not a whole number of bytes
 */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) *([a-z]*)$/i.exec(text.trim());
  const unitBytes = match === null ? undefined : bytesPerUnit[match[2]!.toLowerCase()];
  const bytes = match === null || unitBytes === undefined ? NaN : Number(match[1]) * unitBytes;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw usage(text, 'a size', '"512 MiB", "10 GB" or a whole number of bytes');
}

/**
 * Reads a duration as people write it: "500ms", "90 s", "1h30m", "2 days and 4 hours", "1.5 hours".
 * @param text - the duration; a day is 24 hours
 * @returns milliseconds, 0 or more
 * @throws USAGE when it is no duration
 */
export function parseDuration(text: string): number {
  const durationMs = durationMsOf(text);
  if (durationMs !== undefined) return durationMs;
  throw usage(text, 'a duration', '"500 ms", "90 s", "1h30m" or "2 days"');
}

/**
 * Like parseDuration, for callers that have something better to say than USAGE.
 * @param text - the duration
 * @returns milliseconds, or undefined when it is no duration
 */
export function durationMsOf(text: string): number | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^an? (?=[a-z])/, '1 ');
  if (!/^\d+(\.\d+)? *[a-z]+((,? and |, ?| )? *\d+(\.\d+)? *[a-z]+)*$/.test(words))
    return undefined;
  let totalMs = 0;
  for (const [, value, unit] of words.matchAll(/(\d+(?:\.\d+)?) *([a-z]+)/g)) {
    const unitMs = msPerUnit[unit!];
    if (unitMs === undefined) return undefined;
    totalMs += Number(value) * unitMs;
  }
  return Number.isSafeInteger(Math.round(totalMs)) ? totalMs : undefined;
}

function usage(text: string, what: string, examples: string): SecondwindError {
  return new SecondwindError('USAGE', {
    reason: `"${text}" is not ${what}; write it like ${examples}`,
  });
}

function threeFigures(value: number): string {
  return value >= 999.5 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function twoUnits(value: number, divisor: number, large: string, small: string): string {
  const rest = String(value % divisor).padStart(2, '0');
  return `${Math.floor(value / divisor)}${large} ${rest}${small}`;
}

function unitPowers(...letters: readonly string[]): Record<string, number> {
  const entries = letters.flatMap((letter, index): [string, number][] => [
    [letter, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
  ]);
  return Object.fromEntries(entries);
}

function sameFor(value: number, ...names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

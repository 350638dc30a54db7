import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { keptMapBytesMax } from '../../base/limits.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { syncFolder } from '../sync-folder.ts';
import { decodeKeptMap, encodeKeptMap, type KeptMap } from './kept-map.ts';

const keptEnding = '.kept';
const scratchEnding = /\.(\d+)\.scratch$/;

/**
 * Name of a scratch file.
 * @param scratchPath - what the overlay's files are named after
 * @param scratchNumber - counts the times the overlay was opened
 */
export function scratchFile(scratchPath: string, scratchNumber: number): string {
  return `${scratchPath}.${scratchNumber}.scratch`;
}

/**
 * Reads what was kept.
 * @param scratchPath - what the overlay's files are named after
 * @returns the map, or undefined when nothing was kept there
 * @throws DAMAGED, LIMIT_EXCEEDED, IO_FAILED
 */
export async function readKept(scratchPath: string): Promise<KeptMap | undefined> {
  const file = scratchPath + keptEnding;
  try {
    assertMapBytes(file, (await stat(file)).size);
    return decodeKeptMap(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof FormatFault) {
      const { message: reason, offsetBytes: offset } = error;
      throw new SecondwindError('DAMAGED', { file, offset, reason }, error);
    }
    throw fromSystemError(error, 'Reading', file);
  }
}

/**
 * Keeps an overlay whose scratch file is stable already. The durability order stands here: the map is written beside the one
 * it replaces, made stable, and only then takes its name; the scratch file before it goes last.
 * @param scratchPath - what the overlay's files are named after
 * @param map - names the scratch file
 * @throws LIMIT_EXCEEDED, NO_SPACE, IO_FAILED; what was kept before is then still kept
 */
export async function writeKept(scratchPath: string, map: KeptMap): Promise<void> {
  const file = scratchPath + keptEnding;
  const bytes = encodeKeptMap(map);
  assertMapBytes(file, bytes.length);
  try {
    const handle = await open(`${file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw fromSystemError(error, 'Keeping the overlay', file);
  }
  await removeScratches(scratchPath, map.scratchNumber);
}

/**
 * Throws a kept overlay away, and whatever else is named after it.
 * @param scratchPath - what the overlay's files are named after
 * @throws IO_FAILED
 */
export async function removeKept(scratchPath: string): Promise<void> {
  await remove(scratchPath + keptEnding);
  await remove(`${scratchPath}${keptEnding}.new`);
  await removeScratches(scratchPath, undefined);
}

/** A kept overlay, as people are shown it. */
export interface KeptOverlay {
  /** What its files are named after. */
  readonly scratchPath: string;
  /** "machine/disk" below. */
  readonly disk: string;
  /** Moment below, microseconds since 1970. */
  readonly timeMicros: number;
  /** Changed bytes. */
  readonly changedBytes: number;
}

/**
 * Lists the overlays kept in a folder, and removes the scratch files of those that were not: their keys are gone.
 * To be called when no overlay there is open.
 * @param folder - holds nothing but overlays; need not exist yet
 * @throws DAMAGED, IO_FAILED
 */
export async function tidyOverlays(folder: string): Promise<readonly KeptOverlay[]> {
  const names = await namesIn(folder);
  const paths = new Set<string>();
  for (const name of names) {
    const own = name.replace(/\.kept(\.new)?$/, '').replace(scratchEnding, '');
    if (own !== name) paths.add(join(folder, own));
  }
  const kept: KeptOverlay[] = [];
  for (const scratchPath of [...paths].sort()) {
    const map = await readKept(scratchPath);
    await remove(`${scratchPath}${keptEnding}.new`);
    await removeScratches(scratchPath, map?.scratchNumber);
    if (map === undefined) continue;
    const { name, timeMicros, marks } = map;
    const changedBytes = marks.totals().totalBytes;
    kept.push({ scratchPath, disk: `${name.machine}/${name.disk}`, timeMicros, changedBytes });
  }
  return kept;
}

/**
 * Removes scratch files of an overlay.
 * @param scratchPath - what the overlay's files are named after
 * @param exceptNumber - the one to spare
 * @throws IO_FAILED
 */
export async function removeScratches(
  scratchPath: string,
  exceptNumber: number | undefined,
): Promise<void> {
  const folder = dirname(scratchPath);
  for (const name of await namesIn(folder)) {
    const match = scratchEnding.exec(name);
    if (match === null || join(folder, name.slice(0, match.index)) !== scratchPath) continue;
    if (Number(match[1]) !== exceptNumber) await remove(join(folder, name));
  }
}

function assertMapBytes(file: string, bytes: number): void {
  if (bytes <= keptMapBytesMax) return;
  const what = `The list of changed blocks in ${file}`;
  throw new SecondwindError('LIMIT_EXCEEDED', { what, value: bytes, limit: keptMapBytesMax });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fromSystemError(error, 'Reading', folder);
  }
}

async function remove(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    throw fromSystemError(error, 'Removing', file);
  }
}

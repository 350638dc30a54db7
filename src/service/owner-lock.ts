import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Micros } from '../base/clock.ts';
import { fromSystemError, isSecondwindError, SecondwindError } from '../base/errors.ts';
import { Catalogue } from './catalogue.ts';
import { isoMoment } from './moments.ts';

const catalogueName = 'catalogue.sqlite';

/** Who holds a data folder; only for people, the lock itself is the catalogue. */
interface OwnerNote {
  readonly pid: number;
  readonly since: string;
}

/** Who wants to hold it. */
export interface Owner {
  /** Process. */
  readonly pid: number;
  /** Now. */
  readonly nowMicros: Micros;
}

/**
 * Makes a data folder if it is not there, takes it for this process alone, and opens its catalogue.
 * @param dataFolder - absolute path
 * @param owner - told to the next one who tries
 * @throws IN_USE with the process that holds it; IO_FAILED, NO_SPACE, DAMAGED, NEWER_FORMAT
 */
export async function takeDataFolder(dataFolder: string, owner: Owner): Promise<Catalogue> {
  const notePath = join(dataFolder, 'owner.json');
  await makePrivate(dataFolder);
  const catalogue = await openCatalogue(dataFolder, notePath);
  try {
    const note: OwnerNote = { pid: owner.pid, since: isoMoment(owner.nowMicros) };
    await writeFile(notePath, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    return catalogue;
  } catch (error) {
    catalogue.close();
    throw fromSystemError(error, 'Writing', notePath);
  }
}

/** Nobody else may enter. A folder that holds something else is left alone: its owner meant another one. */
async function makePrivate(dataFolder: string): Promise<void> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    const names = await readdir(dataFolder);
    if (names.length > 0 && !names.includes(catalogueName)) {
      const reason = `${dataFolder} holds other files; name an empty or new folder for the data`;
      throw new SecondwindError('USAGE', { reason });
    }
    await chmod(dataFolder, 0o700);
  } catch (error) {
    throw fromSystemError(error, 'Making the data folder', dataFolder);
  }
}

async function openCatalogue(dataFolder: string, notePath: string): Promise<Catalogue> {
  try {
    return new Catalogue(join(dataFolder, catalogueName));
  } catch (error) {
    if (!isSecondwindError(error, 'IN_USE')) throw error;
    const what = `The data folder ${dataFolder}`;
    throw new SecondwindError('IN_USE', { what, reason: await holderWords(notePath) }, error);
  }
}

/** The note may be missing or half written while the other one starts; the lock holds all the same. */
async function holderWords(notePath: string): Promise<string> {
  try {
    const note = JSON.parse(await readFile(notePath, 'utf8')) as Partial<OwnerNote>;
    if (typeof note.pid === 'number' && typeof note.since === 'string') {
      return `process ${note.pid} serves it since ${note.since}`;
    }
  } catch (error) {
    return `another process serves it, but ${notePath} does not say which (${String(error)})`;
  }
  return 'another process serves it';
}

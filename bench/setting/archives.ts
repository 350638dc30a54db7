import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../measure/run-command.ts';
import type { ArchiveTool, ArchiveToolMaker, SavedImage } from '../peers/archive-tool.ts';

/** Stores that hold the full image once, made when they are first asked for and never changed: works get copies. */
export class Archives {
  readonly #folder: string;
  readonly #ownMaker: ArchiveToolMaker;
  #isOwnFresh = false;

  /**
   * @param folder - where they go
   * @param ownMaker - makes ourselves; our own store is made anew in every run, for the program may have changed
   */
  constructor(folder: string, ownMaker: ArchiveToolMaker) {
    this.#folder = folder;
    this.#ownMaker = ownMaker;
  }

  /** Ourselves. */
  get ours(): ArchiveToolMaker {
    return this.#ownMaker;
  }

  /**
   * A tool with an empty store.
   * @param make - the tool
   * @param folder - for all it has, made anew
   */
  async empty(make: ArchiveToolMaker, folder: string): Promise<ArchiveTool> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const tool = make(folder);
    for (const command of tool.create()) await runCommand(command);
    return tool;
  }

  /**
   * A tool with a copy of the store that holds an image once.
   * @param make - the tool
   * @param image - the image
   * @param folder - for all it has, made anew
   */
  async withImage(make: ArchiveToolMaker, image: string, folder: string): Promise<ArchiveTool> {
    const base = await this.#base(make, image);
    await rm(folder, { recursive: true, force: true });
    await cp(base, folder, { recursive: true, preserveTimestamps: true });
    return make(folder);
  }

  /**
   * Keeps a store for later works, in place of what was kept before.
   * @param make - the tool
   * @param image - what it holds, saved as `firstSave` says
   * @param folder - moved
   */
  async keep(make: ArchiveToolMaker, image: string, folder: string): Promise<void> {
    const place = this.#place(make, image);
    await rm(place, { recursive: true, force: true });
    await mkdir(join(place, '..'), { recursive: true });
    await rename(folder, place);
    if (make === this.#ownMaker) this.#isOwnFresh = true;
  }

  /** Removes all of them. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #base(make: ArchiveToolMaker, image: string): Promise<string> {
    const place = this.#place(make, image);
    const isUsable = make !== this.#ownMaker || this.#isOwnFresh;
    if (existsSync(place) && isUsable) return place;
    const part = `${place}.part`;
    const tool = await this.empty(make, part);
    const saved = firstSave(image);
    await runCommand(tool.save(saved.image, saved.label));
    await this.keep(make, image, part);
    return place;
  }

  #place(make: ArchiveToolMaker, image: string): string {
    const name = make('').name.replaceAll(/[^a-z0-9]+/gi, '-');
    return join(this.#folder, image.replace(/.*\//, ''), name);
  }
}

/**
 * How the first image of a store was saved.
 * @param image - its path
 */
export function firstSave(image: string): SavedImage {
  return { image, label: 'first' };
}

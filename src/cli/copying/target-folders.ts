import { lstat, mkdir } from 'node:fs/promises';
import { SecondwindError } from '../../base/errors.ts';
import { type SafeName, safeName, type TargetSystem } from '../../service/safe-name.ts';

/** A place in the target folder. */
export interface TargetPlace {
  /** Its path, as bytes: names need not be UTF-8. */
  readonly path: Buffer;
  /** The folder that holds it; a real one, below the target. */
  readonly folder: Buffer;
  readonly name: SafeName;
}

/**
 * The folders below a target. A name never leads out of it: names are made safe one by one, every folder on the way was made
 * by this copy or seen to be a real one and no link, and nothing that is written later is ever written through a link. Somebody else who
 * exchanges folders for links while the copy runs must be kept out by the rights of the target folder.
 */
export class TargetFolders {
  readonly #root: Buffer;
  readonly #system: TargetSystem;
  /** Folders seen to be real, by the safe names that lead there. */
  readonly #real = new Map<string, Buffer>();

  /**
   * @param root - absolute path of the target; it exists, and may be reached through links
   * @param system - decides which names are safe
   */
  constructor(root: string, system: TargetSystem) {
    this.#root = Buffer.from(root);
    this.#system = system;
  }

  /**
   * Finds the place of a file, and makes the folders on the way where they are missing.
   * @param components - hostile names, at least one
   * @throws REFUSED when a link or file is in the way; system errors
   */
  async place(components: readonly string[]): Promise<TargetPlace> {
    const folder = await this.#enter(components.slice(0, -1));
    const name = safeName(components.at(-1)!, this.#system);
    return { path: below(folder, name), folder, name };
  }

  /**
   * Makes a folder, or sees that it is there.
   * @param place - from `place`
   * @returns whether it was made now
   * @throws REFUSED when a link or file is in the way; system errors
   */
  async make({ path }: TargetPlace): Promise<boolean> {
    try {
      await mkdir(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if ((await lstat(path)).isDirectory()) return false;
    const reason = `${path.toString()} is no directory, and what lies below it will not be written through it`;
    throw new SecondwindError('REFUSED', { reason, option: '--to another folder' });
  }

  async #enter(components: readonly string[]): Promise<Buffer> {
    let folder = this.#root;
    let key = '';
    for (const component of components) {
      const name = safeName(component, this.#system);
      key += `/${name.text}`;
      const path = this.#real.get(key) ?? below(folder, name);
      if (!this.#real.has(key)) await this.make({ path, folder, name });
      this.#real.set(key, path);
      folder = path;
    }
    return folder;
  }
}

function below(folder: Buffer, name: SafeName): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name.bytes]);
}

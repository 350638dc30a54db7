import { constants, type Stats } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lchown,
  link,
  lstat,
  lutimes,
  open,
  readlink,
  rename,
  symlink,
  unlink,
} from 'node:fs/promises';
import { SecondwindError } from '../../base/errors.ts';
import type { CopiedFile } from '../../service/copy-report.ts';
import { nameBytes, type TargetSystem } from '../../service/safe-name.ts';
import type { RunProgram } from '../command-context.ts';
import { AttributeQueue } from './attribute-queue.ts';
import type { CopyTally } from './copy-tally.ts';
import type { CopyTarget, OpenTargetFile } from './copy-target.ts';
import { GatherMemory } from './gather-memory.ts';
import { pathOf } from './path-of.ts';
import { TargetFolders, type TargetPlace } from './target-folders.ts';
import { WrittenFile } from './written-file.ts';

/** How files are written to a folder. */
export interface FolderTargetOptions {
  /** Absolute path of the folder; it exists. */
  readonly folder: string;
  /** Whether a file that is there, and another one, is replaced. */
  readonly isReplacing: boolean;
  /** Whether everything written is read back. */
  readonly isVerified: boolean;
  /** Whether this process may give files away and make devices. */
  readonly isPrivileged: boolean;
  /** Decides which names are safe. */
  readonly system: TargetSystem;
  /** Runs "setfattr", "mknod" and "mkfifo". */
  readonly runProgram: RunProgram;
  /** Hears what became of each file. */
  readonly tally: CopyTally;
}

/** Times kept by the target may be rounded this far, microseconds: Node hands seconds as a floating number. */
const roundedMicros = 2;

/** A folder that files are copied to. */
export class FolderTarget implements CopyTarget {
  /** @inheritdoc */
  readonly isInOrder = false;
  readonly #options: FolderTargetOptions;
  readonly #tally: CopyTally;
  readonly #folders: TargetFolders;
  readonly #attributes: AttributeQueue;
  /** First name of files that have several, by volume and identity. */
  readonly #firstNames = new Map<string, Buffer>();
  /** Directories get their metadata last: what is written into them changes their times, and may need their rights. */
  readonly #directories: { readonly file: CopiedFile; readonly path: Buffer }[] = [];
  readonly #memory = new GatherMemory();
  #partialCount = 0;

  /** @param options - see FolderTargetOptions */
  constructor(options: FolderTargetOptions) {
    this.#options = options;
    this.#tally = options.tally;
    this.#folders = new TargetFolders(options.folder, options.system);
    this.#attributes = new AttributeQueue(options.runProgram, options.tally);
  }

  /** @inheritdoc */
  async take(file: CopiedFile): Promise<OpenTargetFile | undefined> {
    const place = await this.#folders.place(file.components);
    if (place.name.isChanged) {
      this.#tally.lose(
        file.components,
        'name',
        'it could lead out of the folder, or be none there',
      );
    }
    switch (file.kind) {
      case 'directory':
        if (await this.#folders.make(place)) this.#tally.copiedCount += 1;
        else this.#tally.keptCount += 1;
        this.#directories.push({ file, path: place.path });
        return undefined;
      case 'file':
        return this.#takeFile(file, place);
      case 'link':
        return this.#takeLink(file, place);
      case 'block-device':
      case 'character-device':
      case 'pipe':
        return this.#takeSpecial(file, place);
      case 'socket':
      case 'other':
        this.#tally.lose(file.components, file.kind, 'only a running program makes one');
        return undefined;
    }
  }

  /** @inheritdoc */
  async finish(): Promise<void> {
    await this.#attributes.flush();
    for (const { file, path } of this.#directories.toReversed()) {
      try {
        const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
        const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        await this.#dress(file, handle).finally(() => handle.close());
        await this.#attributes.add(file, path);
      } catch (error) {
        this.#tally.fail(file.components, error);
      }
    }
    await this.#attributes.flush();
  }

  async #takeFile(file: CopiedFile, place: TargetPlace): Promise<OpenTargetFile | undefined> {
    const key = `${file.volume}\0${file.id}`;
    const first = file.linkCount > 1 ? this.#firstNames.get(key) : undefined;
    if (first !== undefined) return this.#takeFurtherName(file, place, first);
    if (await this.#isThere(file, place)) {
      this.#firstNames.set(key, place.path);
      return undefined;
    }
    return WrittenFile.begin({
      path: place.path,
      partialPath: Buffer.concat([place.folder, Buffer.from(`/${this.#partialName()}`)]),
      memory: this.#memory,
      isVerified: this.#options.isVerified,
      dress: async (handle) => {
        await this.#dress(file, handle);
      },
      done: (writtenBytes) => {
        if (file.linkCount > 1) this.#firstNames.set(key, place.path);
        this.#tally.copiedBytes += writtenBytes;
        this.#tally.copiedCount += 1;
      },
    }).then((written) => this.#withAttributes(written, file, place.path));
  }

  #withAttributes(written: WrittenFile, file: CopiedFile, path: Buffer): OpenTargetFile {
    return {
      write: (bytes, offsetBytes) => written.write(bytes, offsetBytes),
      finish: async (sizeBytes) => {
        await written.finish(sizeBytes);
        await this.#attributes.add(file, path);
      },
      abandon: () => written.abandon(),
    };
  }

  async #takeFurtherName(
    file: CopiedFile,
    { path }: TargetPlace,
    first: Buffer,
  ): Promise<undefined> {
    const [found, same] = [await statusOf(path), await lstat(first)];
    if (found?.ino === same.ino && found.dev === same.dev) {
      this.#tally.keptCount += 1;
      return;
    }
    await this.#makeRoom(file, path, found !== undefined);
    await link(first, path);
    this.#tally.copiedCount += 1;
  }

  async #takeLink(file: CopiedFile, { path }: TargetPlace): Promise<undefined> {
    const target = Buffer.from(nameBytes(file.target ?? ''));
    const found = await statusOf(path);
    if (found?.isSymbolicLink() === true && target.equals(await readlink(path, 'buffer'))) {
      this.#tally.keptCount += 1;
      return;
    }
    await this.#makeRoom(file, path, found !== undefined);
    await symlink(target, path);
    if (this.#mayOwn(file)) await lchown(path, file.uid!, file.gid!);
    await this.#setTimes(file, path);
    await this.#attributes.add(file, path);
    this.#tally.copiedCount += 1;
  }

  async #takeSpecial(file: CopiedFile, { path }: TargetPlace): Promise<undefined> {
    const { kind, device } = file;
    if (kind !== 'pipe' && !this.#options.isPrivileged) {
      this.#tally.lose(file.components, 'device', 'only root may make one');
      return;
    }
    const found = await statusOf(path);
    if (found !== undefined && isSameSpecial(file, found)) {
      this.#tally.keptCount += 1;
      return;
    }
    await this.#makeRoom(file, path, found !== undefined);
    // Made under a plain name, because a program cannot be handed a name that is no text.
    const made = `${this.#options.folder}/${this.#partialName()}`;
    const letter = kind === 'block-device' ? 'b' : 'c';
    const numbers = [letter, String(device?.major ?? 0), String(device?.minor ?? 0)];
    const program = kind === 'pipe' ? 'mkfifo' : 'mknod';
    const words = ['--mode=600', '--', made, ...(kind === 'pipe' ? [] : numbers)];
    const { exitCode, errorText } = await this.#options.runProgram(program, words, Buffer.alloc(0));
    if (exitCode !== 0) {
      this.#tally.lose(file.components, kind, errorText.trim() || `"${program}" failed`);
      return;
    }
    if (this.#mayOwn(file)) await lchown(made, file.uid!, file.gid!);
    if (file.mode !== undefined) await chmod(made, file.mode);
    await rename(made, path);
    await this.#setTimes(file, path);
    await this.#attributes.add(file, path);
    this.#tally.copiedCount += 1;
  }

  async #setTimes(file: CopiedFile, path: Buffer): Promise<void> {
    const { accessedMicros = file.modifiedMicros, modifiedMicros } = file;
    await lutimes(path, seconds(accessedMicros), seconds(modifiedMicros));
  }

  #partialName(): string {
    this.#partialCount += 1;
    return `.secondwind-partial-${this.#partialCount}`;
  }

  /** A file gets its times last, so one with the right size and time is whole. */
  async #isThere(file: CopiedFile, { path }: TargetPlace): Promise<boolean> {
    const found = await statusOf(path);
    if (found === undefined) return false;
    const isSame =
      found.isFile() && found.size === file.sizeBytes && isSameTime(found, file.modifiedMicros);
    if (!isSame) {
      if (this.#options.isReplacing && !found.isDirectory()) return false;
      throw alreadyThere(file);
    }
    this.#tally.keptCount += 1;
    this.#tally.keptBytes += file.sizeBytes;
    return true;
  }

  async #makeRoom(file: CopiedFile, path: Buffer, isThere: boolean): Promise<void> {
    if (!isThere) return;
    if (!this.#options.isReplacing) throw alreadyThere(file);
    await unlink(path);
  }

  /** Owner first: giving a file away takes its set-user bits. */
  async #dress(file: CopiedFile, handle: FileHandle): Promise<void> {
    const isOwned = this.#mayOwn(file);
    if (isOwned) await handle.chown(file.uid!, file.gid!);
    // A program that would run with another owner's rights must not run with the rights of whoever copied it.
    const mask = isOwned || file.uid === undefined ? 0o7777 : 0o1777;
    if (file.mode !== undefined) await handle.chmod(file.mode & mask);
    const accessed = seconds(file.accessedMicros ?? file.modifiedMicros);
    await handle.utimes(accessed, seconds(file.modifiedMicros));
  }

  #mayOwn(file: CopiedFile): boolean {
    if (file.uid === undefined || file.gid === undefined) return false;
    if (this.#options.isPrivileged) return true;
    this.#tally.lose(file.components, 'owner', 'only root may give files away');
    return false;
  }
}

/** Node cuts what it hands on to whole nanoseconds, so a fraction that no binary number hits would come out a microsecond early. */
function seconds(micros: number): number {
  const isWhole = micros % 1_000_000 === 0;
  return (isWhole ? micros : micros + 0.3) / 1_000_000;
}

async function statusOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isSameSpecial({ kind, modifiedMicros }: CopiedFile, found: Stats): boolean {
  const isKind =
    (kind === 'pipe' && found.isFIFO()) ||
    (kind === 'block-device' && found.isBlockDevice()) ||
    (kind === 'character-device' && found.isCharacterDevice());
  return isKind && isSameTime(found, modifiedMicros);
}

function isSameTime({ mtimeMs }: Stats, modifiedMicros: number): boolean {
  return Math.abs(mtimeMs * 1000 - modifiedMicros) <= roundedMicros;
}

function alreadyThere(file: CopiedFile): SecondwindError {
  const reason = `${pathOf(file.components)} is there already, and another one`;
  return new SecondwindError('REFUSED', { reason, option: '--replace' });
}

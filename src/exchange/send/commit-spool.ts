import { hkdfSync } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { decodeCheckedJson, encodeCheckedJson } from '../../format/checked-json.ts';
import { FormatFault } from '../../format/format-fault.ts';
import {
  decodeSpooledHead,
  encodeSpooledHead,
  SpoolCipher,
  spooledHeadBytes,
  spoolHeadBytesMin,
  spoolTagBytes,
} from '../../format/spooled-commit.ts';
import type { PackedCommit } from './pack-commit.ts';
import { SpooledCommit } from './spooled-commit.ts';

/** Who sends: made once, with the spool. */
export interface StreamIdentity {
  /** 16 random bytes: positions count within it. */
  readonly stream: Uint8Array;
  /** Names chunks, 32 bytes. */
  readonly nameKey: Uint8Array;
}

/** A commit of which only the place is known. */
export interface SpoolEntry {
  /** Position in the stream, from 1. */
  readonly position: number;
  /** Disk space that it takes, bytes. */
  readonly fileBytes: number;
}

const waitingPattern = /^(\d{16})\.commit$/;
const donePattern = /^(\d{16})\.done$/;

/**
 * Commits that wait to be sent, on stable storage: one sealed file each in a folder, so that neither a kill nor a power loss loses any, and none
 * is ever half there. The last one that was delivered stays until the next is: by it both sides find out whether they have the same history, and no
 * position is ever used twice.
 */
export class CommitSpool {
  /** Commits found when it was opened, in order. */
  readonly found: readonly SpoolEntry[];
  /** The last position that was ever used when it was opened; 0 for none. */
  readonly lastPosition: number;
  readonly #folder: string;
  readonly #random: Random;
  readonly #nameKey: Uint8Array;
  #secrets: Secrets;

  private constructor(
    place: { readonly folder: string; readonly random: Random; readonly secrets: Secrets },
    found: readonly SpoolEntry[],
    lastPosition: number,
  ) {
    this.#folder = place.folder;
    this.#random = place.random;
    this.#secrets = place.secrets;
    const { secret } = place.secrets;
    this.#nameKey = new Uint8Array(hkdfSync('sha256', secret, '', 'secondwind chunk names', 32));
    this.found = found;
    this.lastPosition = lastPosition;
  }

  /** Who sends. */
  get identity(): StreamIdentity {
    return { stream: this.#secrets.stream, nameKey: this.#nameKey };
  }

  /**
   * Opens a spool, or makes one.
   * @param folder - its own; made when it is not there
   * @param random - makes keys
   * @throws IO_FAILED, NO_SPACE, DAMAGED
   */
  static async open(folder: string, random: Random): Promise<CommitSpool> {
    await attempt('Making', folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    const names = await attempt('Listing', folder, () => readdir(folder));
    const secrets = (await readSecrets(folder)) ?? (await makeSecrets(folder, random));
    const entries: SpoolEntry[] = [];
    let lastPosition = 0;
    for (const name of names.sort()) {
      if (name.endsWith('.new')) await removeFile(join(folder, name));
      const digits = (waitingPattern.exec(name) ?? donePattern.exec(name))?.[1];
      if (digits === undefined) continue;
      const position = Number(digits);
      lastPosition = Math.max(lastPosition, position);
      if (!waitingPattern.test(name)) continue;
      const { size } = await attempt('Reading', name, () => stat(join(folder, name)));
      entries.push({ position, fileBytes: size });
    }
    return new CommitSpool({ folder, random, secrets }, entries, lastPosition);
  }

  /**
   * Begins a new stream, at position 1. What waited is gone.
   * @throws IO_FAILED, NO_SPACE
   */
  async restart(): Promise<void> {
    const names = await attempt('Listing', this.#folder, () => readdir(this.#folder));
    for (const name of names) {
      if (!waitingPattern.test(name) && !donePattern.test(name)) continue;
      await removeFile(join(this.#folder, name));
    }
    this.#secrets = await makeSecrets(this.#folder, this.#random, this.#secrets.secret);
  }

  /**
   * Puts a commit on stable storage.
   * @param position - one more than the last
   * @param packed - borrowed
   * @throws IO_FAILED, NO_SPACE; nothing of it is then there
   */
  async put(position: number, packed: PackedCommit): Promise<SpoolEntry> {
    const salt = new Uint8Array(16);
    this.#random.fill(salt);
    const cipher = new SpoolCipher(this.#secrets.secret, salt);
    const parts = [packed.commit, ...packed.groups];
    const partBytes = parts.map((part) => part.length + spoolTagBytes);
    const head = encodeSpooledHead({ position, salt, partBytes });
    const path = this.#pathOf(position, 'commit');
    const newPath = `${path}.new`;
    await attempt('Writing', path, async () => {
      await using file = await open(newPath, 'w', 0o600);
      await file.writeFile(head);
      for (const [index, part] of parts.entries()) await file.writeFile(cipher.seal(index, part));
      await file.datasync();
    });
    await attempt('Writing', path, () => rename(newPath, path));
    await this.#syncFolder();
    return { position, fileBytes: partBytes.reduce((sum, bytes) => sum + bytes, head.length) };
  }

  /**
   * Opens a commit to be sent.
   * @param position - of one that waits, or of the last that did
   * @throws IO_FAILED, DAMAGED
   */
  async read(position: number): Promise<SpooledCommit> {
    const path = this.#pathOf(position, 'commit');
    const file = await attempt('Reading', path, () =>
      open(path, 'r').catch(() => open(this.#pathOf(position, 'done'), 'r')),
    );
    try {
      const start = Buffer.alloc(spoolHeadBytesMin);
      await file.read(start, 0, start.length, 0);
      const bytes = Buffer.alloc(spooledHeadBytes(start));
      await file.read(bytes, 0, bytes.length, 0);
      const head = decodeSpooledHead(bytes);
      if (head.position !== position) throw new FormatFault('it holds another commit', 10);
      const cipher = new SpoolCipher(this.#secrets.secret, head.salt);
      return await SpooledCommit.open({ file, path, head, cipher, headBytes: bytes.length });
    } catch (error) {
      await file.close();
      throw damaged(error, path);
    }
  }

  /**
   * Forgets a commit that the receiver has.
   * @param position - of one that waits
   * @throws IO_FAILED
   */
  async remove(position: number): Promise<void> {
    const path = this.#pathOf(position, 'commit');
    await attempt('Removing', path, () => rename(path, this.#pathOf(position, 'done')));
    await rm(this.#pathOf(position - 1, 'done'), { force: true });
  }

  #pathOf(position: number, kind: 'commit' | 'done'): string {
    return join(this.#folder, `${String(position).padStart(16, '0')}.${kind}`);
  }

  async #syncFolder(): Promise<void> {
    await attempt('Syncing', this.#folder, async () => {
      await using folder = await open(this.#folder, 'r');
      await folder.sync();
    });
  }
}

interface Secrets {
  /** Seals files and makes the key of names, 32 bytes. */
  readonly secret: Uint8Array;
  /** 16 bytes. */
  readonly stream: Uint8Array;
}

const secretsName = 'stream.json';

/** Stream and secret lie beside the commits, readable for their owner alone. */
async function readSecrets(folder: string): Promise<Secrets | undefined> {
  const path = join(folder, secretsName);
  try {
    return secretsIn(await readFile(path), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromSystemError(error, 'Reading', path);
  }
}

/** A secret that is known is kept: what was sealed with it stays readable. */
async function makeSecrets(folder: string, random: Random, known?: Uint8Array): Promise<Secrets> {
  const path = join(folder, secretsName);
  const [secret, stream] = [known ?? new Uint8Array(32), new Uint8Array(16)];
  if (known === undefined) random.fill(secret);
  random.fill(stream);
  const fields = { format: 1, stream: hexOf(stream), secret: hexOf(secret) };
  await attempt('Writing', path, async () => {
    {
      await using file = await open(`${path}.new`, 'w', 0o600);
      await file.writeFile(encodeCheckedJson(fields));
      await file.sync();
    }
    await rename(`${path}.new`, path);
    await using holder = await open(folder, 'r');
    await holder.sync();
  });
  return { secret, stream };
}

function secretsIn(bytes: Uint8Array, path: string): Secrets {
  try {
    const { stream, secret } = decodeCheckedJson(bytes);
    const [streamBytes, secretBytes] = [bytesOf(stream), bytesOf(secret)];
    if (streamBytes.length === 16 && secretBytes.length === 32) {
      return { stream: streamBytes, secret: secretBytes };
    }
    throw new FormatFault('it lacks a stream', 0);
  } catch (error) {
    throw damaged(error, path);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: unknown): Uint8Array {
  return Buffer.from(typeof hex === 'string' ? hex : '', 'hex');
}

async function removeFile(path: string): Promise<void> {
  await attempt('Removing', path, () => rm(path, { force: true }));
}

function damaged(error: unknown, file: string): unknown {
  if (!(error instanceof FormatFault)) return fromSystemError(error, 'Reading', file);
  const data = { file, offset: error.offsetBytes, reason: error.message };
  return new SecondwindError('DAMAGED', data, error);
}

async function attempt<T>(action: string, file: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromSystemError(error, action, file);
  }
}

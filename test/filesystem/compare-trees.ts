import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type {
  DirectoryEntry,
  FileKind,
  FileStatus,
  FileSystem,
} from '../../src/filesystem/file-system.ts';
import { decodeName } from '../../src/filesystem/name-text.ts';

/** What the mounted file system cannot show truly, and is therefore not compared. */
export interface ComparisonOptions {
  /** Owner, group and mode are made up by the mount. */
  readonly skipsOwners?: boolean;
  /** Numbers of names are made up by the mount. */
  readonly skipsLinkCounts?: boolean;
  /** Times are kept no finer than this, microseconds; 1 when left out. */
  readonly timeStepMicros?: number;
  /** Size of directories is made up. */
  readonly skipsDirectorySizes?: boolean;
  /** Extended attributes with these prefixes are compared; ["user.", "system.posix_acl"] when left out, none for []. */
  readonly attributePrefixes?: readonly string[];
  /** Names at the root that the mount hides or makes up. */
  readonly hiddenAtRoot?: readonly string[];
}

/** What was compared, so that a test can see that there was something. */
export interface ComparisonCounts {
  files: number;
  directories: number;
  links: number;
  others: number;
  contentBytes: number;
  attributes: number;
}

/**
 * Compares every name, byte and property of a file system as our reader shows it with the same as the system's own driver shows it.
 * @param fileSystem - ours
 * @param folder - where the same volume is mounted, read-only
 * @param options - what is not compared
 * @returns what was compared; fails at the first difference
 */
export async function compareTrees(
  fileSystem: FileSystem,
  folder: string,
  options: ComparisonOptions = {},
): Promise<ComparisonCounts> {
  const comparison = new Comparison(fileSystem, folder, options);
  await comparison.directory(fileSystem.root, Buffer.from(folder), '');
  return comparison.counts;
}

class Comparison {
  readonly counts: ComparisonCounts = {
    files: 0,
    directories: 0,
    links: 0,
    others: 0,
    contentBytes: 0,
    attributes: 0,
  };
  readonly #fileSystem: FileSystem;
  readonly #options: ComparisonOptions;
  readonly #prefixes: readonly string[];
  readonly #attributes: ReadonlyMap<string, ReadonlyMap<string, string>>;

  constructor(fileSystem: FileSystem, folder: string, options: ComparisonOptions) {
    this.#fileSystem = fileSystem;
    this.#options = options;
    this.#prefixes = options.attributePrefixes ?? ['user.', 'system.posix_acl'];
    this.#attributes = this.#prefixes.length === 0 ? new Map() : attributesBelow(folder);
  }

  async directory(id: string, real: Buffer, path: string): Promise<void> {
    const ours = new Map<string, DirectoryEntry>();
    for await (const batch of this.#fileSystem.list(id)) {
      for (const entry of batch) {
        assert(!ours.has(entry.name), `${path}/${entry.name} is listed twice`);
        ours.set(entry.name, entry);
      }
    }
    const hidden = path === '' ? (this.#options.hiddenAtRoot ?? []) : [];
    for (const name of hidden) ours.delete(name);
    const names = readdirSync(real, { encoding: 'buffer' });
    const theirs = names.map((name) => decodeName(name)).filter((name) => !hidden.includes(name));
    assert.deepEqual([...ours.keys()].toSorted(), theirs.toSorted(), `names in ${path}/`);
    for (const name of names) {
      const entry = ours.get(decodeName(name));
      if (entry === undefined) continue;
      const below = Buffer.concat([real, Buffer.from('/'), name]);
      await this.#entry(id, entry, below, `${path}/${entry.name}`);
    }
  }

  async #entry(parent: string, entry: DirectoryEntry, real: Buffer, path: string): Promise<void> {
    const found = await this.#fileSystem.find(parent, entry.name);
    assert.deepEqual(found, entry, `find ${path}`);
    const status = await this.#fileSystem.status(entry.id);
    const stat = lstatSync(real, { bigint: true });
    assert.equal(entry.kind, status.kind, `kind in the directory of ${path}`);
    this.#status(status, stat, path);
    await this.#fileAttributes(entry.id, real, path);
    if (status.kind === 'directory') {
      this.counts.directories += 1;
      await this.directory(entry.id, real, path);
    } else if (status.kind === 'link') {
      this.counts.links += 1;
      const target = readlinkSync(real, { encoding: 'buffer' });
      assert.equal(
        await this.#fileSystem.readLink(entry.id),
        decodeName(target),
        `target of ${path}`,
      );
    } else if (status.kind === 'file') await this.#content(entry.id, real, path);
    else this.counts.others += 1;
  }

  #status(status: FileStatus, stat: BigIntStats, path: string): void {
    assert.equal(status.kind, kindOf(stat), `kind of ${path}`);
    const { skipsOwners, skipsLinkCounts, skipsDirectorySizes, timeStepMicros = 1 } = this.#options;
    if (status.kind === 'file' || status.kind === 'link' || skipsDirectorySizes !== true) {
      assert.equal(status.sizeBytes, Number(stat.size), `size of ${path}`);
    }
    if (skipsLinkCounts !== true)
      assert.equal(status.linkCount, Number(stat.nlink), `links of ${path}`);
    if (skipsOwners !== true) {
      assert.equal(status.mode, Number(stat.mode) & 0o7777, `mode of ${path}`);
      assert.equal(status.uid, Number(stat.uid), `owner of ${path}`);
      assert.equal(status.gid, Number(stat.gid), `group of ${path}`);
    }
    const step = (micros: number): number => Math.floor(micros / timeStepMicros);
    const micros = Number(stat.mtimeNs / 1000n);
    assert.equal(step(status.modifiedMicros), step(micros), `time of ${path}`);
    if (status.kind === 'block-device' || status.kind === 'character-device') {
      assert.deepEqual(status.device, deviceOf(stat.rdev), `device of ${path}`);
    }
  }

  async #fileAttributes(id: string, real: Buffer, path: string): Promise<void> {
    if (this.#prefixes.length === 0) return;
    const theirs = [...(this.#attributes.get(real.toString('latin1')) ?? [])];
    const ours = await this.#fileSystem.attributes(id);
    const isCompared = (name: string): boolean =>
      this.#prefixes.some((prefix) => name.startsWith(prefix));
    assert.deepEqual(
      ours
        .filter(({ name }) => isCompared(name))
        .map(({ name, value }) => [name, Buffer.from(value).toString('hex')])
        .toSorted(),
      theirs.filter(([name]) => isCompared(name)).toSorted(),
      `attributes of ${path}`,
    );
    this.counts.attributes += theirs.length;
  }

  async #content(id: string, real: Buffer, path: string): Promise<void> {
    const content = await this.#fileSystem.open(id);
    try {
      const theirs = readFileSync(real);
      assert.equal(content.sizeBytes, theirs.length, `length of ${path}`);
      const ours = unwritten(theirs.length);
      await content.read(ours, 0);
      assert(ours.equals(theirs), `content of ${path}`);
      await this.#holes(content, theirs, path);
    } finally {
      await content.close();
    }
    this.counts.files += 1;
    this.counts.contentBytes += content.sizeBytes;
  }

  /** The extents cover the content, and what is called a hole is zero. */
  async #holes(
    content: Awaited<ReturnType<FileSystem['open']>>,
    bytes: Buffer,
    path: string,
  ): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const extents = await content.extents(at, bytes.length - at);
      assert(extents.length > 0, `extents of ${path} at ${at}`);
      for (const { lengthBytes, isHole } of extents) {
        assert(lengthBytes > 0);
        if (isHole)
          assert(isZero(bytes.subarray(at, at + lengthBytes)), `hole in ${path} at ${at}`);
        at += lengthBytes;
      }
      assert(at <= bytes.length, `extents of ${path} go beyond its end`);
    }
  }
}

function kindOf(stat: BigIntStats): FileKind {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isBlockDevice()) return 'block-device';
  if (stat.isCharacterDevice()) return 'character-device';
  return stat.isFIFO() ? 'pipe' : 'socket';
}

/** As gnu_dev_major and gnu_dev_minor take a number apart. */
function deviceOf(number: bigint): { major: number; minor: number } {
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
  };
}

/** Bytes that are not what was read, unless they were: filling megabytes for every file would cost more than comparing them. */
function unwritten(lengthBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  for (let at = 0; at < lengthBytes; at += 512) bytes[at] = 0xaa;
  return bytes;
}

/** The first byte is zero, and each equals the one before it. */
function isZero(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1));
}

/** Paths, as latin1 text of their bytes, with attributes by name and value in hex. */
function attributesBelow(folder: string): Map<string, Map<string, string>> {
  const words = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', folder];
  const { stdout } = spawnSync('getfattr', words, { encoding: 'latin1', maxBuffer: 2 ** 28 });
  const found = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    if (line.startsWith('# file: ')) {
      current = new Map();
      found.set(unescaped(line.slice('# file: '.length)), current);
    } else if (line !== '') {
      const [name = '', value = ''] = line.split('=');
      current.set(name, value.replace(/^0x/, ''));
    }
  }
  return found;
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { happens, integerBelow, oneOf, type Random } from '../../src/base/random.ts';
import { python } from './python.ts';

/** What the file system under test can hold; what it cannot is left out of the tree. */
export interface TreeAbilities {
  /** "bytes": anything but "/" and NUL; "windows": valid Unicode without what Windows forbids, unique ignoring case. */
  readonly names: 'bytes' | 'windows';
  readonly hasModes: boolean;
  readonly hasLinks: boolean;
  readonly hasHardLinks: boolean;
  readonly hasDevices: boolean;
  readonly hasHoles: boolean;
  /** "user." attributes. */
  readonly hasAttributes: boolean;
  /** POSIX ACLs. */
  readonly hasAcls: boolean;
}

/** All that a Unix file system can hold. */
export const unixAbilities: TreeAbilities = {
  names: 'bytes',
  hasModes: true,
  hasLinks: true,
  hasHardLinks: true,
  hasDevices: true,
  hasHoles: true,
  hasAttributes: true,
  hasAcls: true,
};

/** How large the tree gets. */
export interface TreeSize {
  readonly files: number;
  readonly directories: number;
  /** Longest content of an ordinary file, bytes; a few are of this length. */
  readonly contentBytesMax: number;
}

const slash = Buffer.from('/');
/** Contents around the borders where file systems change their way of storing. */
const edgeSizes = [
  0, 1, 59, 60, 61, 150, 511, 512, 700, 1023, 1024, 4095, 4096, 4097, 12_288, 65_536, 65_537,
];
const windowsForbidden = /[\u0000-\u001f"*/:<>?\\|]|[. ]$/u;

/** An ACL is written as the kernel takes it: version 2, then tag, rights and number of each entry. */
const decorate = `
import os, stat, struct, sys
def device(path, kind, major, minor):
    if kind == 'p': os.mkfifo(path)
    else: os.mknod(path, 0o644 | (stat.S_IFBLK if kind == 'b' else stat.S_IFCHR), os.makedev(int(major), int(minor)))
def attribute(path, name, value=''): os.setxattr(path, name, bytes.fromhex(value))
def acl(path, user):
    mode, none = os.stat(path).st_mode, 0xffffffff
    group = mode >> 3 & 7
    entries = [(1, mode >> 6 & 7, none), (2, 6, int(user)), (4, group, none), (8, 4, 7), (16, 6 | group, none), (32, mode & 7, none)]
    value = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
    os.setxattr(path, 'system.posix_acl_access', value)
for line in sys.stdin:
    kind, path, *words = line.split()
    globals()[kind](bytes.fromhex(path), *words)
`;

/**
 * Fills a folder with a random tree: names, contents, kinds, owners, times, attributes.
 * @param random - decides everything
 * @param folder - of a mounted file system
 * @param abilities - what it can hold
 * @param size - how large the tree gets
 */
export function growTree(
  random: Random,
  folder: string,
  abilities: TreeAbilities,
  size: TreeSize,
): void {
  new TreeMaker(random, abilities, size).grow(Buffer.from(folder));
}

class TreeMaker {
  readonly #random: Random;
  readonly #abilities: TreeAbilities;
  readonly #size: TreeSize;
  readonly #names = new Map<string, Set<string>>();
  readonly #made: Buffer[] = [];
  readonly #files: Buffer[] = [];
  /** What Node cannot do, for one Python: starting a program for each file would take most of the time. */
  readonly #commands: string[] = [];

  constructor(random: Random, abilities: TreeAbilities, size: TreeSize) {
    this.#random = random;
    this.#abilities = abilities;
    this.#size = size;
  }

  grow(root: Buffer): void {
    const directories = [root];
    for (let count = 0; count < this.#size.directories; count += 1) {
      const path = this.#newPath(oneOf(this.#random, directories));
      mkdirSync(path);
      directories.push(path);
      this.#made.push(path);
    }
    for (let count = 0; count < this.#size.files; count += 1) {
      const path = this.#newPath(oneOf(this.#random, directories));
      this.#makeFile(path);
      this.#made.push(path);
    }
    this.#runCommands();
    this.#decorate();
    this.#runCommands();
    // Deepest first, so that a directory's time is not changed by what is done in it.
    for (const path of this.#made.toReversed()) this.#setTimes(path);
    for (const path of directories.toReversed()) this.#setTimes(path);
  }

  #makeFile(path: Buffer): void {
    const { hasLinks, hasHardLinks, hasDevices } = this.#abilities;
    const roll = integerBelow(this.#random, 100);
    if (hasLinks && roll < 8) symlinkSync(this.#linkTarget(), path);
    else if (hasHardLinks && roll < 14 && this.#files.length > 0) {
      linkSync(oneOf(this.#random, this.#files), path);
    } else if (hasDevices && roll < 18) this.#makeDevice(path);
    else this.#makeContent(path);
  }

  #makeContent(path: Buffer): void {
    const file = openSync(path, 'wx');
    try {
      const pieces = happens(this.#random, 0.2) ? 1 + integerBelow(this.#random, 5) : 1;
      let at = 0;
      for (let piece = 0; piece < pieces; piece += 1) {
        if (this.#abilities.hasHoles && happens(this.#random, 0.2))
          at += integerBelow(this.#random, 300_000);
        const content = this.#content();
        writeSync(file, content, 0, content.length, at);
        at += content.length;
      }
      if (this.#abilities.hasHoles && happens(this.#random, 0.1)) {
        ftruncateSync(file, at + integerBelow(this.#random, 1_000_000));
      }
    } finally {
      closeSync(file);
    }
    this.#files.push(path);
  }

  /** Text that compresses, or noise, of a length that matters. */
  #content(): Buffer {
    const isLarge = happens(this.#random, 0.03);
    const length = isLarge
      ? this.#size.contentBytesMax
      : happens(this.#random, 0.5)
        ? Math.min(oneOf(this.#random, edgeSizes), this.#size.contentBytesMax)
        : integerBelow(this.#random, Math.min(20_000, this.#size.contentBytesMax) + 1);
    const content = Buffer.alloc(length);
    if (happens(this.#random, 0.5)) content.fill(`content ${this.#random.uint32()}\n`);
    else this.#random.fill(content);
    return content;
  }

  #makeDevice(path: Buffer): void {
    const kind = oneOf(this.#random, ['p', 'b', 'c']);
    // Numbers beyond 255 are stored in another form than small ones; XFS takes majors up to 511.
    const [major, minor] = [
      oneOf(this.#random, [1, 259, 511]),
      oneOf(this.#random, [3, 255, 70_000]),
    ];
    this.#later('device', path, kind, String(major), String(minor));
  }

  #linkTarget(): string {
    return oneOf(this.#random, [
      'x',
      '../somewhere/else',
      '/absolute/path',
      'ü'.repeat(20),
      'long/'.repeat(1 + integerBelow(this.#random, 200)),
      'z'.repeat(oneOf(this.#random, [58, 59, 60, 61, 255, 1000])),
    ]);
  }

  #decorate(): void {
    const { hasModes, hasAttributes, hasAcls } = this.#abilities;
    for (const path of this.#made) {
      if (hasModes) this.#setOwner(path);
    }
    for (const path of this.#files.slice(0, 60)) {
      if (hasAttributes && happens(this.#random, 0.5)) this.#setAttributes(path);
      if (hasAcls && happens(this.#random, 0.2)) {
        this.#later('acl', path, String(integerBelow(this.#random, 65_536)));
      }
    }
  }

  #setOwner(path: Buffer): void {
    const numbers = [0, 1000, 65_534, 70_000, 4_000_000_000];
    lchownSync(path, oneOf(this.#random, numbers), oneOf(this.#random, numbers));
    if (!this.#isLink(path)) chmodSync(path, 0o400 | integerBelow(this.#random, 0o10000));
  }

  #isLink(path: Buffer): boolean {
    return lstatSync(path).isSymbolicLink();
  }

  #setAttributes(path: Buffer): void {
    const count = 1 + integerBelow(this.#random, 3);
    for (let number = 0; number < count; number += 1) {
      const value = Buffer.alloc(oneOf(this.#random, [0, 1, 20, 100, 200]));
      this.#random.fill(value);
      const name = `user.${'n'.repeat(1 + number * 30)}`;
      this.#later('attribute', path, name, value.toString('hex'));
    }
  }

  #setTimes(path: Buffer): void {
    const second = oneOf(this.#random, [1, 1_000_000_000, 1_700_000_000, 2_000_000_000]);
    const seconds =
      second + integerBelow(this.#random, 1_000_000) + oneOf(this.#random, [0, 0.5, 0.25]);
    lutimesSync(path, seconds + 86_400, seconds);
  }

  /** A path goes as hex, since it need not be text. */
  #later(kind: string, path: Buffer, ...words: readonly string[]): void {
    this.#commands.push([kind, path.toString('hex'), ...words].join(' '));
  }

  #runCommands(): void {
    if (this.#commands.length === 0) return;
    python(decorate, [], this.#commands.splice(0).join('\n'));
  }

  #newPath(directory: Buffer): Buffer {
    const key = directory.toString('latin1');
    const taken = this.#names.get(key) ?? new Set<string>();
    this.#names.set(key, taken);
    for (;;) {
      const name = this.#name();
      const folded =
        this.#abilities.names === 'bytes' ? name.toString('latin1') : name.toString().toUpperCase();
      if (taken.has(folded)) continue;
      taken.add(folded);
      return Buffer.concat([directory, slash, name]);
    }
  }

  #name(): Buffer {
    const text = oneOf(this.#random, [
      `file-${this.#random.uint32()}`,
      `file-${this.#random.uint32()}.txt`,
      `Ünï ${integerBelow(this.#random, 1e6)} 日本語`,
      `🐘${integerBelow(this.#random, 1e6)}`,
      `a b'c$(d)-${integerBelow(this.#random, 1e6)}`,
      `${integerBelow(this.#random, 1e6)}${'l'.repeat(integerBelow(this.#random, 240))}`,
      `UPPER${integerBelow(this.#random, 1e6)}.TXT`,
      `.hidden${integerBelow(this.#random, 1e6)}`,
    ]);
    if (this.#abilities.names === 'windows') {
      return Buffer.from(windowsForbidden.test(text) ? `plain${this.#random.uint32()}` : text);
    }
    if (!happens(this.#random, 0.05)) return Buffer.from(text);
    const bytes = Buffer.alloc(1 + integerBelow(this.#random, 30));
    this.#random.fill(bytes);
    return bytes.map((byte) =>
      byte === 0 || byte === 0x2f || byte === 0x2e ? 0x41 : byte,
    ) as Buffer;
  }
}

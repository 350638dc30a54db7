import type { CopiedFile } from '../../service/copy-report.ts';
import { nameBytes, safeName } from '../../service/safe-name.ts';
import type { ArchiveOutput } from './archive-output.ts';
import type { CopyTally } from './copy-tally.ts';
import type { CopyTarget, OpenTargetFile } from './copy-target.ts';
import { paxRecords } from './pax-header.ts';
import { type TarType, tarBlockBytes, tarHeader } from './tar-header.ts';

const types: Readonly<Record<CopiedFile['kind'], TarType | undefined>> = {
  file: '0',
  directory: '5',
  link: '2',
  'block-device': '4',
  'character-device': '3',
  pipe: '6',
  socket: undefined,
  other: undefined,
};

const zeroes = Buffer.alloc(1024 * 1024);
const slash = Buffer.from('/');

/** A tar archive that files are copied to, with pax headers for all that the old header has no room for. */
export class TarTarget implements CopyTarget {
  /** @inheritdoc */
  readonly isInOrder = true;
  readonly #tally: CopyTally;
  readonly #output: ArchiveOutput;
  /** Path of the first name of files that have several, by volume and identity. */
  readonly #firstNames = new Map<string, Uint8Array>();

  /**
   * @param output - where the archive goes; closed at the end
   * @param tally - hears what became of each file
   */
  constructor(output: ArchiveOutput, tally: CopyTally) {
    this.#tally = tally;
    this.#output = output;
  }

  /** @inheritdoc */
  async take(file: CopiedFile): Promise<OpenTargetFile | undefined> {
    const type = types[file.kind];
    if (type === undefined) {
      this.#tally.lose(file.components, file.kind, 'an archive cannot hold one');
      return undefined;
    }
    for (const name of file.longStreams ?? []) {
      const what = `alternate data stream ${name}`;
      this.#tally.lose(file.components, what, 'it is too long for an attribute');
    }
    const path = archivePath(file);
    const key = `${file.volume}\0${file.id}`;
    const first = file.linkCount > 1 && type === '0' ? this.#firstNames.get(key) : undefined;
    if (first !== undefined) {
      await this.#begin(file, { type: '1', path, linkPath: first });
    } else if (type === '0') {
      if (file.linkCount > 1) this.#firstNames.set(key, path);
      // Its content comes after that of the files before it, and so must its header.
      return new TarFile(file, () => this.#begin(file, { type, path }), this.#output, this.#tally);
    } else {
      const linkPath = type === '2' ? nameBytes(file.target ?? '') : undefined;
      await this.#begin(file, { type, path, linkPath });
    }
    this.#tally.copiedCount += 1;
    return undefined;
  }

  /** Two empty blocks end an archive. */
  async finish(): Promise<void> {
    await this.#output.write(zeroes.subarray(0, 2 * tarBlockBytes));
    await this.#output.close();
  }

  async #begin(
    file: CopiedFile,
    entry: {
      readonly type: TarType;
      readonly path: Uint8Array;
      readonly linkPath?: Uint8Array | undefined;
    },
  ): Promise<void> {
    const records = paxRecords({ path: entry.path, linkPath: entry.linkPath, file });
    const name = Buffer.from('PaxHeader');
    const sizeBytes = entry.type === '0' ? file.sizeBytes : 0;
    await this.#output.write(
      Buffer.concat([
        tarHeader({ type: 'x', path: name, file, sizeBytes: records.length }),
        records,
        paddingAfter(records.length),
        tarHeader({ ...entry, file, sizeBytes }),
      ]),
    );
  }
}

/** A file in a tar archive. Its length was told in its header, so a file that cannot be read to its end ends in zeroes. */
class TarFile implements OpenTargetFile {
  readonly #file: CopiedFile;
  readonly #begin: () => Promise<void>;
  readonly #output: ArchiveOutput;
  readonly #tally: CopyTally;
  #isBegun = false;
  #offset = 0;

  // biome-ignore format: one line says it.
  constructor(file: CopiedFile, begin: () => Promise<void>, output: ArchiveOutput, tally: CopyTally) {
    this.#file = file;
    this.#begin = begin;
    this.#output = output;
    this.#tally = tally;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#reach(offsetBytes);
    await this.#output.write(bytes);
    this.#offset += bytes.length;
    this.#tally.copiedBytes += bytes.length;
  }

  async finish(): Promise<void> {
    await this.#end();
    this.#tally.copiedCount += 1;
  }

  async abandon(): Promise<void> {
    if (this.#isBegun) await this.#end();
  }

  async #end(): Promise<void> {
    await this.#reach(this.#file.sizeBytes);
    await this.#output.write(paddingAfter(this.#file.sizeBytes));
  }

  async #reach(offsetBytes: number): Promise<void> {
    if (!this.#isBegun) await this.#begin();
    this.#isBegun = true;
    while (this.#offset < offsetBytes) {
      const piece = zeroes.subarray(0, offsetBytes - this.#offset);
      await this.#output.write(piece);
      this.#offset += piece.length;
    }
  }
}

function paddingAfter(lengthBytes: number): Buffer {
  return zeroes.subarray(0, (tarBlockBytes - (lengthBytes % tarBlockBytes)) % tarBlockBytes);
}

function archivePath(file: CopiedFile): Uint8Array {
  const names = file.components.map((name) => safeName(name, 'posix').bytes);
  const parts = names.flatMap((name, index) => (index === 0 ? [name] : [slash, name]));
  return Buffer.concat(file.kind === 'directory' ? [...parts, slash] : parts);
}

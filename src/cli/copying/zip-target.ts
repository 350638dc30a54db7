import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ZipFile } from 'yazl';
import type { CopiedFile } from '../../service/copy-report.ts';
import { nameBytes, safeName } from '../../service/safe-name.ts';
import type { ArchiveOutput } from './archive-output.ts';
import type { CopyTally } from './copy-tally.ts';
import type { CopyTarget, OpenTargetFile } from './copy-target.ts';

const fileType = 0o100000;
const linkType = 0o120000;

/** Years that a time in a zip archive can have. */
const firstTime = Date.UTC(1980, 0, 2);
const lastTime = Date.UTC(2107, 11, 30);

/** A zip archive that files are copied to: names, times and permissions; nothing else has a place in it. */
export class ZipTarget implements CopyTarget {
  /** @inheritdoc */
  readonly isInOrder = true;
  readonly #tally: CopyTally;
  readonly #output: ArchiveOutput;
  readonly #zip = new ZipFile();
  readonly #written: Promise<void>;

  /**
   * @param output - where the archive goes; closed at the end
   * @param tally - hears what became of each file
   */
  constructor(output: ArchiveOutput, tally: CopyTally) {
    this.#tally = tally;
    this.#output = output;
    this.#written = this.#pump();
    this.#written.catch(() => undefined);
  }

  /** @inheritdoc */
  async take(file: CopiedFile): Promise<OpenTargetFile | undefined> {
    const path = file.components.map((name) => safeName(name, 'windows').text).join('/');
    const time = Math.max(firstTime, Math.min(lastTime, Math.floor(file.modifiedMicros / 1000)));
    const mtime = new Date(time);
    this.#tellLosses(file);
    switch (file.kind) {
      case 'directory':
        this.#zip.addEmptyDirectory(path, { mtime, mode: 0o040000 | (file.mode ?? 0o755) });
        break;
      case 'link':
        this.#zip.addBuffer(Buffer.from(nameBytes(file.target ?? '')), path, {
          mtime,
          mode: linkType | 0o777,
        });
        break;
      case 'file': {
        const content = new PassThrough();
        this.#zip.addReadStream(content, path, { mtime, mode: fileType | (file.mode ?? 0o644) });
        return new ZipEntry(content, this.#tally, this.#written);
      }
      default:
        return undefined;
    }
    this.#tally.copiedCount += 1;
    return undefined;
  }

  /** @inheritdoc */
  async finish(): Promise<void> {
    this.#zip.end();
    await this.#written;
    await this.#output.close();
  }

  async #pump(): Promise<void> {
    for await (const bytes of this.#zip.outputStream) await this.#output.write(bytes as Uint8Array);
  }

  #tellLosses(file: CopiedFile): void {
    const reason = 'a zip archive cannot hold it';
    const isSpecial = file.kind !== 'directory' && file.kind !== 'link' && file.kind !== 'file';
    if (isSpecial) this.#tally.lose(file.components, file.kind, reason);
    if (file.uid !== undefined) this.#tally.lose(file.components, 'owner', reason);
    if (file.attributes !== undefined)
      this.#tally.lose(file.components, 'extended attributes', reason);
    if (file.streams !== undefined || file.longStreams !== undefined) {
      this.#tally.lose(file.components, 'alternate data streams', reason);
    }
    if (file.kind === 'file' && file.linkCount > 1)
      this.#tally.lose(file.components, 'hard links', reason);
  }
}

/** A file in a zip archive. One that cannot be read to its end ends early. */
class ZipEntry implements OpenTargetFile {
  readonly #content: PassThrough;
  readonly #tally: CopyTally;
  readonly #archive: Promise<void>;
  #offset = 0;

  constructor(content: PassThrough, tally: CopyTally, archive: Promise<void>) {
    this.#content = content;
    this.#tally = tally;
    this.#archive = archive;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#pad(offsetBytes);
    await this.#push(Buffer.from(bytes));
    this.#tally.copiedBytes += bytes.length;
  }

  async finish(sizeBytes: number): Promise<void> {
    await this.#pad(sizeBytes);
    this.#content.end();
    this.#tally.copiedCount += 1;
  }

  async abandon(): Promise<void> {
    this.#content.end();
  }

  async #pad(offsetBytes: number): Promise<void> {
    const pieceBytes = 1024 * 1024;
    while (this.#offset < offsetBytes) {
      await this.#push(Buffer.alloc(Math.min(pieceBytes, offsetBytes - this.#offset)));
    }
  }

  /** An archive that cannot be written any more never drains. */
  async #push(bytes: Buffer): Promise<void> {
    this.#offset += bytes.length;
    if (!this.#content.write(bytes))
      await Promise.race([once(this.#content, 'drain'), this.#archive]);
  }
}

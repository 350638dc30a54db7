import type { CopiedFile, NamedBytes } from '../../service/copy-report.ts';
import type { RunProgram } from '../command-context.ts';
import type { CopyTally } from './copy-tally.ts';

interface Waiting {
  readonly file: CopiedFile;
  readonly path: Buffer;
  readonly attributes: readonly NamedBytes[];
}

/** Files whose attributes are set by one run of the program. */
const filesPerRun = 256;

/** Extended attributes and ACLs are set by "setfattr", because Node cannot: many files at once, since each run costs milliseconds. */
export class AttributeQueue {
  readonly #run: RunProgram;
  readonly #tally: CopyTally;
  #waiting: Waiting[] = [];

  /**
   * @param run - runs programs
   * @param tally - hears what could not be set
   */
  constructor(run: RunProgram, tally: CopyTally) {
    this.#run = run;
    this.#tally = tally;
  }

  /**
   * Sets a file's attributes, now or at the next flush. An alternate data stream becomes the attribute "user.NAME", as ntfs-3g shows it.
   * @param file - with its attributes
   * @param path - where it was written
   */
  async add(file: CopiedFile, path: Buffer): Promise<void> {
    const streams = (file.streams ?? []).map(({ name, base64 }) => ({
      name: `user.${name}`,
      base64,
    }));
    const attributes = [...(file.attributes ?? []), ...streams];
    for (const name of file.longStreams ?? []) {
      this.#tally.lose(
        file.components,
        `alternate data stream ${name}`,
        'it is too long for an attribute',
      );
    }
    if (attributes.length === 0) return;
    this.#waiting.push({ file, path, attributes });
    if (this.#waiting.length >= filesPerRun) await this.flush();
  }

  /** Sets all that waits. When something of many files fails, each attribute is tried alone, to say which one. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const { exitCode } = await this.#restore(waiting);
    if (exitCode === 0) return;
    for (const { file, path, attributes } of waiting) {
      for (const attribute of attributes) {
        const outcome = await this.#restore([{ file, path, attributes: [attribute] }]);
        if (outcome.exitCode === 0) continue;
        const reason = outcome.isMissing
          ? 'the program "setfattr" is missing'
          : (outcome.errorText.trim().split(': ').at(-1) ?? '');
        this.#tally.lose(file.components, `attribute ${attribute.name}`, reason);
      }
    }
  }

  #restore(waiting: readonly Waiting[]): ReturnType<RunProgram> {
    const input = Buffer.concat(waiting.map(dumpOf));
    return this.#run('setfattr', ['--no-dereference', '--restore=-'], input);
  }
}

/** One file in the form of "getfattr --dump". */
function dumpOf({ path, attributes }: Waiting): Buffer {
  const lines = attributes.map(
    ({ name, base64 }) => `${octal(Buffer.from(name))}=${base64 === '' ? '""' : `0s${base64}`}\n`,
  );
  return Buffer.from(`# file: ${octal(path)}\n${lines.join('')}\n`);
}

/** Everything but plain characters as "\\ooo": a name must not end its line, or begin another. */
function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x3d && byte !== 0x23;
    return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }).join('');
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { decodeCheckedJson, encodeCheckedJson } from '../format/checked-json.ts';
import { FormatFault } from '../format/format-fault.ts';

/** Who a machine is, and whom it trusts. */
export interface AgentIdentity {
  /** Its name on the server. */
  readonly machine: string;
  /** Where the server is, "HOST:PORT". */
  readonly server: string;
  /** Its private key, PEM. A secret. */
  readonly key: string;
  /** Its certificate, PEM. */
  readonly certificate: string;
  /** Certificate of the server's authority, PEM. */
  readonly authority: string;
}

const fileName = 'identity.json';

/** The folder of an agent: identity and spool. Only its owner can read it. */
export class AgentState {
  /** Absolute path. */
  readonly folder: string;

  /** @param folder - absolute path; made when it is needed */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** Folder of the commits that wait. */
  get spoolFolder(): string {
    return join(this.folder, 'spool');
  }

  /**
   * Reads who this machine is.
   * @throws NOT_ENROLLED, IO_FAILED, DAMAGED
   */
  async identity(): Promise<AgentIdentity> {
    const file = join(this.folder, fileName);
    try {
      const fields = decodeCheckedJson(await readFile(file));
      const text = (name: keyof AgentIdentity): string => String(fields[name]);
      return {
        machine: text('machine'),
        server: text('server'),
        key: text('key'),
        certificate: text('certificate'),
        authority: text('authority'),
      };
    } catch (error) {
      if (error instanceof FormatFault) {
        const data = { file, offset: error.offsetBytes, reason: error.message };
        throw new SecondwindError('DAMAGED', data, error);
      }
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw fromSystemError(error, 'Reading', file);
      }
      throw new SecondwindError('NOT_ENROLLED', { folder: this.folder }, error);
    }
  }

  /**
   * Keeps who this machine is.
   * @param identity - replaces the one before
   * @throws IO_FAILED, NO_SPACE
   */
  async keep(identity: AgentIdentity): Promise<void> {
    const file = join(this.folder, fileName);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      {
        await using handle = await open(`${file}.new`, 'w', 0o600);
        await handle.writeFile(encodeCheckedJson({ format: 1, ...identity }));
        await handle.sync();
      }
      await rename(`${file}.new`, file);
      await using folder = await open(this.folder, 'r');
      await folder.sync();
    } catch (error) {
      throw fromSystemError(error, 'Writing', file);
    }
  }

  /**
   * Takes the folder for this process; the system lets go of it however the process ends.
   * @throws IN_USE
   */
  async take(): Promise<AsyncDisposable> {
    const digest = createHash('sha256').update(this.folder).digest('hex');
    // A name in Linux's abstract space: it belongs to the process, and nothing of it stays behind.
    const server = createServer().listen(`\0secondwind-agent-${digest}`);
    try {
      await once(server, 'listening');
    } catch (error) {
      const reason = 'another secondwind-agent uses it';
      throw new SecondwindError('IN_USE', { what: this.folder, reason }, error);
    }
    return {
      [Symbol.asyncDispose]: async () => {
        const closed = once(server, 'close');
        server.close();
        await closed;
      },
    };
  }
}

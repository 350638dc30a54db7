import {
  contentItemsMax,
  copyQueueBytesMax,
  copyQueueFilesMax,
  progressIntervalMs,
} from '../../base/limits.ts';
import { type ContentFrame, FrameReader } from '../../service/content-frames.ts';
import type {
  ContentOrder,
  CopiedFile,
  CopyBatch,
  CopyListReport,
  CopyOrder,
} from '../../service/copy-report.ts';
import type { IsoMoment } from '../../service/moments.ts';
import { apiPath } from '../api-client.ts';
import type { CommandSession } from '../command-session.ts';
import type { CopyTally } from './copy-tally.ts';
import type { CopyTarget, OpenTargetFile } from './copy-target.ts';

/** One copy. */
export interface CopyJob {
  /** What is copied. */
  readonly order: CopyOrder;
  /** Where it goes. */
  readonly target: CopyTarget;
  /** Hears what became of each file. */
  readonly tally: CopyTally;
}

/**
 * Copies files from the server to a target, which is written by this process, with the rights of whoever runs it.
 * @param session - talks to the server, and shows progress
 * @param job - see CopyJob
 * @throws what the routes and the target's end throw; what fails for one file is told to the tally
 */
export async function copyFiles(session: CommandSession, job: CopyJob): Promise<CopyListReport> {
  const call = { method: 'POST', path: apiPath(['files', 'copy']) } as const;
  const counting = { ...call, body: { ...job.order, isCountOnly: true } };
  const { contentBytes, asked } = await session.gather<CopyListReport>(counting, () => undefined);
  const order = { ...job.order, at: asked };
  const report = await session.showing(async (progress) => {
    const { clock } = session.context;
    let shownMs = -Infinity;
    const shown = (passedBytes: number): void => {
      if (passedBytes === 0 || clock.steadyMs() - shownMs < progressIntervalMs) return;
      shownMs = clock.steadyMs();
      const done = passedBytes + job.tally.keptBytes;
      progress({ phase: 'Copying', done, total: contentBytes, unit: 'bytes' });
    };
    const queue = new ContentQueue(session, job, shown);
    const listed = await session.gather<CopyListReport>({ ...call, body: order }, async (lines) => {
      const { asked: at, files, troubles } = lines as CopyBatch;
      for (const { components, reason } of troubles) job.tally.fail(components, reason);
      for (const file of files) await queue.add(file, at);
    });
    await queue.flush();
    return listed;
  });
  await job.target.finish();
  return report;
}

interface WantedFile {
  readonly file: CopiedFile;
  readonly opened: OpenTargetFile;
  /** How far it has come, bytes, holes included. */
  atBytes: number;
}

/** Files wait here until it is worth while to ask for their contents together. Order is kept: what follows a file may link to it. */
class ContentQueue {
  readonly #session: CommandSession;
  readonly #job: CopyJob;
  readonly #shown: (passedBytes: number) => void;
  #files: CopiedFile[] = [];
  #bytes = 0;
  /** Content that has come, or never will, holes included. */
  #passedBytes = 0;
  #at: IsoMoment = '';

  constructor(session: CommandSession, job: CopyJob, shown: (passedBytes: number) => void) {
    this.#session = session;
    this.#job = job;
    this.#shown = shown;
  }

  async add(file: CopiedFile, at: IsoMoment): Promise<void> {
    this.#at = at;
    this.#files.push(file);
    this.#bytes += file.kind === 'file' ? file.sizeBytes : 0;
    const isFull = this.#files.length >= copyQueueFilesMax || this.#bytes >= copyQueueBytesMax;
    if (isFull) await this.flush();
  }

  async flush(): Promise<void> {
    const files = this.#files;
    this.#files = [];
    this.#bytes = 0;
    const wanted: WantedFile[] = [];
    for (const file of files) {
      const isFurtherName = wanted.some(
        (other) => other.file.id === file.id && other.file.volume === file.volume,
      );
      const mustComeFirst = isFurtherName || (this.#job.target.isInOrder && file.kind !== 'file');
      if (mustComeFirst || wanted.length === contentItemsMax) await this.#fetch(wanted.splice(0));
      const opened = await this.#take(file);
      if (opened !== undefined) wanted.push({ file, opened, atBytes: 0 });
    }
    await this.#fetch(wanted);
    this.#shown(this.#passedBytes);
  }

  async #take(file: CopiedFile): Promise<OpenTargetFile | undefined> {
    try {
      return await this.#job.target.take(file);
    } catch (error) {
      this.#job.tally.fail(file.components, error);
      return undefined;
    }
  }

  async #fetch(wanted: readonly WantedFile[]): Promise<void> {
    if (wanted.length === 0) return;
    try {
      await this.#readAll(wanted);
    } catch (error) {
      for (const { opened } of wanted) await opened.abandon();
      throw error;
    }
  }

  async #readAll(wanted: readonly WantedFile[]): Promise<void> {
    const items = wanted.map(({ file: { volume, id } }) => ({ volume, id }));
    const body: ContentOrder = { where: this.#job.order.where, at: this.#at, items };
    const frames = new FrameReader();
    const call = { method: 'POST', path: apiPath(['files', 'contents']), body } as const;
    await this.#session.read(call, {
      piece: async (bytes) => {
        for (const frame of frames.take(bytes)) {
          const { file, opened } = wanted[frame.item]!;
          try {
            await this.#write(file, opened, frame);
          } catch (error) {
            this.#job.tally.fail(file.components, error);
          }
          this.#pass(wanted[frame.item]!, frame);
        }
        this.#shown(this.#passedBytes);
        return true;
      },
    });
  }

  #pass(wanted: WantedFile, frame: ContentFrame): void {
    const isData = frame.kind === 'data';
    const atBytes = isData ? frame.offsetBytes + frame.bytes.length : wanted.file.sizeBytes;
    this.#passedBytes += Math.max(0, atBytes - wanted.atBytes);
    wanted.atBytes = atBytes;
  }

  async #write(file: CopiedFile, opened: OpenTargetFile, frame: ContentFrame): Promise<void> {
    switch (frame.kind) {
      case 'data':
        return opened.write(frame.bytes, frame.offsetBytes);
      case 'end':
        return opened.finish(frame.sizeBytes);
      case 'failure': {
        const { message } = JSON.parse(Buffer.from(frame.bytes).toString()) as { message: string };
        this.#job.tally.fail(file.components, message);
        return opened.abandon();
      }
    }
  }
}

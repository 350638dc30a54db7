import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../../base/log.ts';
import type { ServedFile } from '../../filesystem/served-tree.ts';
import { backgroundRequestsMax, readBytesMax } from '../limits.ts';
import { changingOperations, errno, operation } from '../protocol/numbers.ts';
import { encodeInitialised, encodeReply } from '../protocol/reply.ts';
import { decodeBatchForget, decodeRequest, type FuseRequest } from '../protocol/request.ts';
import { type Answer, answers } from './answers.ts';
import type { DeviceThreadData, DeviceThreadMessage } from './device-thread.ts';
import { errorNumber } from './error-number.ts';
import { HandleTable } from './handle-table.ts';
import { NodeTable } from './node-table.ts';

/** Requests are small, since nothing is written; the kernel wants room for 8 KiB and one page more. */
const requestBytesMax = 64 * 1024;

/** What a mount serves. */
export interface FuseServerParts {
  /** The open device /dev/fuse; stays its owner's to close, after the server has ended. */
  readonly descriptor: number;
  readonly root: ServedFile;
  readonly log: Logger;
}

/**
 * Serves a tree to the kernel, read-only, over an open FUSE device. A thread waits for requests; answering happens here, many at
 * once. It ends when the file system is unmounted.
 * @source linux/fuse.h, version 7.31
 */
export class FuseServer {
  /** Resolves when the file system is unmounted and everything is closed. */
  readonly ended: Promise<void>;
  readonly #parts: FuseServerParts;
  readonly #nodes: NodeTable;
  readonly #handles = new HandleTable();
  readonly #thread: Worker;

  /** @param parts - see FuseServerParts */
  constructor(parts: FuseServerParts) {
    this.#parts = parts;
    this.#nodes = new NodeTable(parts.root);
    const workerData: DeviceThreadData = { descriptor: parts.descriptor, requestBytesMax };
    this.#thread = new Worker(new URL('./device-thread.ts', import.meta.url), { workerData });
    this.ended = this.#serve(this.#thread);
  }

  /** Ends although programs still use what is mounted. */
  stop(): void {
    void this.#thread.terminate();
  }

  async #serve(thread: Worker): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    thread.on('message', (message: DeviceThreadMessage) => {
      if ('requests' in message) this.#take(Buffer.from(message.requests.buffer));
      else if (message.ended === 'failed')
        this.#parts.log.error('A mount failed', { reason: message.reason });
    });
    thread.on('error', (error) => this.#parts.log.error('A mount failed', { error }));
    thread.on('exit', () => {
      resolve(undefined);
    });
    await promise;
    await this.#handles.close();
  }

  #take(bytes: Buffer): void {
    const request = decodeRequest(bytes);
    if (request === undefined)
      this.#parts.log.error('The kernel sent no FUSE request', { bytes: bytes.length });
    else if (!this.#forgets(request)) void this.#answer(request);
  }

  /** What wants no reply: forgetting, and INTERRUPT, since every request ends by itself. */
  #forgets(request: FuseRequest): boolean {
    if (request.operation === operation.forget) {
      this.#nodes.forget(request.node, Number(request.body.readBigUInt64LE(0)));
    } else if (request.operation === operation.batchForget) {
      for (const { node, count } of decodeBatchForget(request.body))
        this.#nodes.forget(node, count);
    } else return request.operation === operation.interrupt;
    return true;
  }

  async #answer(request: FuseRequest): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answerOf(request);
    } catch (error) {
      this.#parts.log.debug('A request of a mount was refused', { error });
      answer = errorNumber(error);
    }
    const { unique } = request;
    if (typeof answer === 'number') this.#reply(encodeReply(unique, answer));
    else this.#reply(encodeReply(unique, 0, ...answer));
  }

  async #answerOf(request: FuseRequest): Promise<Answer> {
    if (request.operation === operation.initialise) {
      const limits = { readBytesMax, backgroundMax: backgroundRequestsMax };
      return [encodeInitialised(request.body.readUInt32LE(12), limits)];
    }
    if (request.operation === operation.destroy) return [];
    if (changingOperations.has(request.operation)) return errno.readOnly;
    const answering = answers.get(request.operation);
    if (answering === undefined) return errno.notImplemented;
    const file = this.#nodes.get(request.node);
    if (file === undefined) return errno.noSuchFile;
    const parts = { nodes: this.#nodes, handles: this.#handles };
    return answering(parts, file, request);
  }

  /** A reply is copied into a program that waits for it; ENOENT says that it waits no more. */
  #reply(reply: Buffer): void {
    try {
      writeSync(this.#parts.descriptor, reply);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENODEV')
        this.#parts.log.error('A mount cannot reply', { error });
    }
  }
}

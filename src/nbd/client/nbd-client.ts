import { connect, type Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../../base/endpoint.ts';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { nbdPayloadBytesMax } from '../../base/limits.ts';
import type { DiskExtent, WritableDisk, WriteOptions } from '../../disk/disk.ts';
import { assertInside } from '../../disk/range.ts';
import { errorOfNumber } from '../protocol/error-numbers.ts';
import { command, commandFlag, errorNumber, transmissionFlag } from '../protocol/numbers.ts';
import { encodeRequest, requestBytes } from '../protocol/request.ts';
import { ByteQueue } from './byte-queue.ts';
import {
  type ClientAgreement,
  ClientHandshake,
  type ClientWishes,
  type ListedExport,
} from './client-handshake.ts';
import { type AwaitedReply, ReplyParser } from './reply-parser.ts';

/** Which server to talk to, and about what. */
export interface NbdClientOptions extends ClientWishes {
  /** Where the server listens. */
  readonly endpoint: Endpoint;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to an export of an NBD server.
 * @param options - see NbdClientOptions
 * @throws SERVER_UNREACHABLE, NOT_FOUND, PROTOCOL, IO_FAILED
 */
export function connectNbd(options: NbdClientOptions): Promise<NbdClient> {
  return withServer(options, async (handshake, parts) => {
    const agreement = await handshake.choose(options);
    return new NbdClient({ ...parts, agreement });
  });
}

/**
 * Asks an NBD server for its exports.
 * @param options - where it listens, and what ends the attempt
 * @throws SERVER_UNREACHABLE, PROTOCOL, IO_FAILED
 */
export function listNbdExports(
  options: Pick<NbdClientOptions, 'endpoint' | 'signal'>,
): Promise<readonly ListedExport[]> {
  return withServer(options, async (handshake, { socket }) => {
    const found = await handshake.list();
    await handshake.abort();
    socket.destroy();
    return found;
  });
}

interface ClientParts {
  readonly socket: Socket;
  readonly received: ByteQueue;
  readonly server: string;
}

interface Pending {
  readonly reply: AwaitedReply;
  readonly action: string;
  readonly resolve: (reply: AwaitedReply) => void;
  readonly reject: (error: Error) => void;
}

/** What a request is made of. */
interface Asked {
  readonly command: number;
  readonly action: string;
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
  readonly flags?: number;
  readonly target?: Uint8Array;
  readonly data?: Uint8Array;
}

/** An export of an NBD server as a disk. Requests are sent at once, however many are under way. */
export class NbdClient implements WritableDisk {
  /** Size of the export, bytes. */
  readonly sizeBytes: number;
  /** Whether the server refuses writes. */
  readonly isReadOnly: boolean;
  readonly #socket: Socket;
  readonly #server: string;
  readonly #agreement: ClientAgreement;
  readonly #pending = new Map<number, Pending>();
  readonly #parser: ReplyParser;
  #lastCookie = 0;
  #failure: Error | undefined;

  /** @param parts - a connection whose handshake is over */
  constructor(parts: ClientParts & { readonly agreement: ClientAgreement }) {
    const { socket, received, server, agreement } = parts;
    this.sizeBytes = agreement.sizeBytes;
    this.isReadOnly = this.#can(agreement, transmissionFlag.readOnly);
    this.#socket = socket;
    this.#server = server;
    this.#agreement = agreement;
    this.#parser = new ReplyParser(
      {
        awaited: (cookie) => this.#pending.get(cookie)?.reply,
        ended: (cookie, reply) => this.#ended(cookie, reply),
      },
      server,
      agreement.allocationId,
    );
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => this.#fail(unreachable(server, 'the connection was closed')));
    this.#receive(received.rest());
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, SERVER_UNREACHABLE
   */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    for (const { at, lengthBytes } of pieces(target.length)) {
      const part = target.subarray(at, at + lengthBytes);
      const asked = { command: command.read, action: 'Reading', target: part, lengthBytes };
      await this.#ask({ ...asked, offsetBytes: offsetBytes + at });
    }
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY, SERVER_UNREACHABLE
   */
  async write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, data.length);
    for (const { at, lengthBytes } of pieces(data.length)) {
      const part = data.subarray(at, at + lengthBytes);
      const asked = { command: command.write, action: 'Writing', data: part, lengthBytes };
      await this.#ask({ ...asked, offsetBytes: offsetBytes + at, flags: flagsOf(options) });
    }
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY, SERVER_UNREACHABLE
   */
  async writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const noHole = options?.mayTrim === true ? 0 : commandFlag.noHole;
    await this.#askWide({
      command: command.writeZeroes,
      action: 'Writing zeroes',
      offsetBytes,
      lengthBytes,
      flags: flagsOf(options) | noHole,
    });
  }

  /**
   * Trims, and zeroes: what the protocol leaves open after a trim, a disk of ours promises.
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY, SERVER_UNREACHABLE
   */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Promise<void> {
    return this.writeZeroes(offsetBytes, lengthBytes, { ...options, mayTrim: true });
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, SERVER_UNREACHABLE
   */
  async flush(): Promise<void> {
    if (!this.#can(this.#agreement, transmissionFlag.sendFlush)) return;
    await this.#ask({ command: command.flush, action: 'Making written data stable' });
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, SERVER_UNREACHABLE
   */
  async prefetch(offsetBytes: number, lengthBytes: number): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    if (!this.#can(this.#agreement, transmissionFlag.sendCache)) return;
    await this.#askWide({
      command: command.cache,
      action: 'Prefetching',
      offsetBytes,
      lengthBytes,
    });
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, SERVER_UNREACHABLE
   */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return [];
    if (this.#agreement.allocationId === undefined) return [{ lengthBytes, isHole: false }];
    const { extents } = await this.#ask({
      command: command.blockStatus,
      action: 'Asking for allocation',
      offsetBytes,
      lengthBytes: Math.min(lengthBytes, requestBytesMax),
    });
    return within(extents, lengthBytes);
  }

  /** Says goodbye and ends when the server has hung up. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.write(this.#encode({ command: command.disconnect, action: '' }, 0));
    this.#socket.end();
    await closed;
  }

  // Cuts a request without data into as many as its 32-bit length demands.
  async #askWide(asked: Asked & { offsetBytes: number; lengthBytes: number }): Promise<void> {
    for (let done = 0; done < asked.lengthBytes; done += requestBytesMax) {
      const lengthBytes = Math.min(asked.lengthBytes - done, requestBytesMax);
      await this.#ask({ ...asked, offsetBytes: asked.offsetBytes + done, lengthBytes });
    }
  }

  #ask(asked: Asked): Promise<AwaitedReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#lastCookie = (this.#lastCookie + 1) % 2 ** 32;
    const cookie = this.#lastCookie;
    const { command: number, action, offsetBytes = 0, lengthBytes = 0, target } = asked;
    const reply: AwaitedReply = {
      command: number,
      offsetBytes,
      lengthBytes,
      target,
      filledBytes: 0,
      extents: [],
      error: 0,
    };
    return new Promise((resolve, reject) => {
      this.#pending.set(cookie, { reply, action, resolve, reject });
      this.#socket.cork();
      this.#socket.write(this.#encode(asked, cookie));
      if (asked.data !== undefined && asked.data.length > 0) this.#socket.write(asked.data);
      this.#socket.uncork();
    });
  }

  #encode(asked: Asked, cookieLow: number): Buffer {
    const bytes = Buffer.alloc(requestBytes);
    const { flags = 0, offsetBytes = 0, lengthBytes = 0 } = asked;
    const header = { flags, command: asked.command, cookieHigh: 0, cookieLow };
    encodeRequest(bytes, 0, { ...header, offsetBytes, lengthBytes });
    return bytes;
  }

  #receive(bytes: Buffer): void {
    try {
      this.#parser.receive(bytes);
    } catch (error) {
      this.#fail(fromSystemError(error, 'Reading replies', this.#server));
      this.#socket.destroy();
    }
  }

  #ended(cookie: number, reply: AwaitedReply): void {
    const pending = this.#pending.get(cookie);
    this.#pending.delete(cookie);
    if (reply.error === errorNumber.none) pending?.resolve(reply);
    else pending?.reject(errorOfNumber(reply.error, pending.action, this.#server));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }

  #can(agreement: ClientAgreement, flag: number): boolean {
    return (agreement.flags & flag) !== 0;
  }
}

/** Longest span of one request without data, bytes: whole blocks below 2^32. */
const requestBytesMax = 2 ** 32 - 4096;

async function withServer<T>(
  { endpoint, signal }: Pick<NbdClientOptions, 'endpoint' | 'signal'>,
  use: (handshake: ClientHandshake, parts: ClientParts) => Promise<T>,
): Promise<T> {
  const server = formatEndpoint(endpoint);
  const socket = endpoint.kind === 'unix' ? connect(endpoint.path) : connect(endpoint);
  socket.setNoDelay(true);
  const received = new ByteQueue();
  let failure: Error | undefined;
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => {
    received.fail(unreachable(server, failure?.message ?? 'it closed the connection'));
  });
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const handshake = new ClientHandshake(socket, received, server);
    await handshake.greet();
    return await use(handshake, { socket, received, server });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function unreachable(address: string, reason: string): SecondwindError {
  return new SecondwindError('SERVER_UNREACHABLE', { address, reason });
}

function* pieces(totalBytes: number): Generator<{ at: number; lengthBytes: number }> {
  for (let at = 0; at < totalBytes; at += nbdPayloadBytesMax) {
    yield { at, lengthBytes: Math.min(nbdPayloadBytesMax, totalBytes - at) };
  }
}

function flagsOf(options: WriteOptions | undefined): number {
  return options?.isForced === true ? commandFlag.forceUnitAccess : 0;
}

// The last run a server tells of may reach beyond the question.
function within(extents: readonly DiskExtent[], lengthBytes: number): readonly DiskExtent[] {
  const inside: DiskExtent[] = [];
  let left = lengthBytes;
  for (const extent of extents) {
    if (left === 0) break;
    const taken = Math.min(extent.lengthBytes, left);
    inside.push({ lengthBytes: taken, isHole: extent.isHole });
    left -= taken;
  }
  return inside;
}

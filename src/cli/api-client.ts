import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { type ErrorCode, errorTable } from '../base/error-table.ts';
import { type ErrorData, SecondwindError } from '../base/errors.ts';
import type { ActionProgress } from '../service/long-action.ts';
import { type AnswerFields, type AnswerPart, AnswerReader } from './answer-reader.ts';
import { readSocket } from './read-socket.ts';

/** A call of the API. */
export interface ApiCall {
  /** HTTP method. */
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query, encoded: see apiPath. */
  readonly path: string;
  /** Document that is sent. */
  readonly body?: object;
}

/** How a long call is followed. */
export interface Following {
  /** Told of each progress line. */
  readonly progress: (progress: ActionProgress) => void;
  /** Told of each batch of results that comes before the last line; the next one waits for it. */
  readonly batch?: (batch: unknown) => Promise<void> | void;
}

/** How a content is taken in. */
export interface ContentReader {
  /** Takes a piece, borrowed until this ends; gives false when no more is wanted. */
  readonly piece: (bytes: Uint8Array) => Promise<boolean>;
}

interface Line {
  readonly batch?: unknown;
  readonly progress?: ActionProgress;
  readonly result?: unknown;
  readonly error?: unknown;
}

/**
 * Builds a path from its parts, each of them encoded.
 * @param parts - segments; numbers are written in decimal
 * @param query - parameters; undefined ones are left out
 */
export function apiPath(
  parts: readonly (string | number)[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const path = `/v1/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** Talks to a server over its local socket. */
export class ApiClient {
  readonly #socketPath: string;
  readonly #signal: AbortSignal;

  /**
   * @param socketPath - the server's socket
   * @param signal - ends a call by closing its connection
   */
  constructor(socketPath: string, signal: AbortSignal) {
    this.#socketPath = socketPath;
    this.#signal = signal;
  }

  /**
   * Makes a call that answers one document.
   * @param call - see ApiCall
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says
   */
  async call<Answer>(call: ApiCall): Promise<Answer> {
    const response = await this.#send(call);
    const text = await this.#whole(response);
    const document = parse(text);
    if (response.statusCode !== 200) throw errorOf(document);
    return document as Answer;
  }

  /**
   * Makes a call that answers lines of progress and a result.
   * @param call - see ApiCall
   * @param following - see Following
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says
   */
  async follow<Answer>(call: ApiCall, following: Following): Promise<Answer> {
    const response = await this.#send(call);
    if (response.statusCode !== 200) throw errorOf(parse(await this.#whole(response)));
    return (await this.#lastLine(response, following)) as Answer;
  }

  /**
   * Makes a call that answers bytes.
   * @param call - see ApiCall
   * @param reader - see ContentReader
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says; what the reader throws
   */
  async read(call: ApiCall, reader: ContentReader): Promise<void> {
    this.#throwIfInterrupted();
    const answer = new AnswerReader();
    const content = new ContentTaker(reader);
    try {
      for await (const bytes of readSocket(this.#socketPath, requestText(call), this.#signal)) {
        for (const part of answer.take(bytes)) {
          if (!(await content.take(part))) return;
        }
      }
    } catch (error) {
      throw this.#translate(error);
    }
    this.#throwIfInterrupted();
    if (!answer.isOver) throw this.#unreachable('it ended the connection before all was read');
  }

  async #lastLine(response: IncomingMessage, following: Following): Promise<unknown> {
    try {
      for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
        const line = parse(text) as Line;
        if (line.progress !== undefined) following.progress(line.progress);
        if (line.batch !== undefined) await following.batch?.(line.batch);
        if (line.error !== undefined) throw errorOf(line.error);
        if ('result' in line) return line.result;
      }
    } catch (error) {
      throw this.#translate(error);
    }
    this.#throwIfInterrupted();
    throw this.#unreachable('it ended the connection before the action was done');
  }

  async #whole(response: IncomingMessage): Promise<string> {
    try {
      return Buffer.concat((await response.toArray()) as Buffer[]).toString();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async #send(call: ApiCall): Promise<IncomingMessage> {
    this.#throwIfInterrupted();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({
      socketPath: this.#socketPath,
      method: call.method,
      path: call.path,
      headers: { ...headers, 'content-length': Buffer.byteLength(body ?? '') },
      signal: this.#signal,
      agent: false,
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end(body);
    try {
      return await promise;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): SecondwindError {
    if (error instanceof SecondwindError) return error;
    this.#throwIfInterrupted();
    const { code, message } = error as NodeJS.ErrnoException;
    return this.#unreachable(reasons[code ?? ''] ?? message, error);
  }

  #throwIfInterrupted(): void {
    if (!this.#signal.aborted) return;
    throw new SecondwindError('INTERRUPTED', { action: 'The command' });
  }

  #unreachable(reason: string, cause?: unknown): SecondwindError {
    return new SecondwindError('SERVER_UNREACHABLE', { address: this.#socketPath, reason }, cause);
  }
}

/** Hands on the body of an answer, if it is the one that was asked for. */
class ContentTaker {
  readonly #reader: ContentReader;
  #isGood = false;
  readonly #refusal: Buffer[] = [];

  constructor(reader: ContentReader) {
    this.#reader = reader;
  }

  /** @returns whether more is wanted */
  async take(part: AnswerPart): Promise<boolean> {
    if (part.kind === 'head') this.#isGood = part.status === 200;
    else if (part.kind === 'end') this.#end(part.trailers);
    else if (this.#isGood) return this.#reader.piece(part.bytes);
    else this.#refusal.push(Buffer.from(part.bytes));
    return true;
  }

  #end(trailers: AnswerFields): void {
    if (!this.#isGood) throw errorOf(parse(Buffer.concat(this.#refusal).toString()));
    const failure = trailers.get('secondwind-error');
    if (failure !== undefined) throw errorOf(parse(decodeURIComponent(failure)));
  }
}

function requestText({ method, path, body }: ApiCall): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const fields = [
    'host: localhost',
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return [`${method} ${path} HTTP/1.1`, ...fields, '', text].join('\r\n');
}

/** What the errors of connecting mean to people. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket, so no server runs on that data folder',
  ECONNREFUSED: 'nobody listens there any more',
  EACCES: 'this user may not connect to it',
  EPERM: 'this user may not connect to it',
  ECONNRESET: 'it ended the connection',
  EPIPE: 'it ended the connection',
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = 'it answered with something that is no JSON';
    throw new SecondwindError('PROTOCOL', { connection: 'the local socket', reason }, error);
  }
}

/** The error that a document describes; a code of another version is shown as it is. */
function errorOf(document: unknown): SecondwindError {
  const { code, message, data } = document as { code: string; message: string; data?: ErrorData };
  if (Object.hasOwn(errorTable, code)) return new SecondwindError(code as ErrorCode, data ?? {});
  return new SecondwindError('INTERNAL', { reason: `${code}: ${message}` });
}

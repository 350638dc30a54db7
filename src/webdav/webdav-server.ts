import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { ServedFile } from '../filesystem/served-tree.ts';
import { isAllowed } from './access.ts';
import { connectionsMax, requestBodyBytesMax } from './limits.ts';
import { parseRequestPath } from './request-path.ts';
import { sendContent } from './send-content.ts';
import { sendProperties } from './send-properties.ts';

/** What an endpoint serves, and to whom. */
export interface WebdavServerParts {
  readonly root: ServedFile;
  /** Opens it, with any user name. */
  readonly password: string;
  readonly log: Logger;
}

const methods = 'OPTIONS, GET, HEAD, PROPFIND';

/** A read-only WebDAV endpoint of class 1, which Windows and macOS mount by themselves. */
export class WebdavServer {
  readonly #parts: WebdavServerParts;
  readonly #server: Server;

  /** @param parts - see WebdavServerParts */
  constructor(parts: WebdavServerParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = connectionsMax;
  }

  /**
   * Begins to listen.
   * @param address - host and port; port 0 takes a free one
   * @returns the port
   * @throws IN_USE, IO_FAILED
   */
  async listen(address: { readonly host: string; readonly port: number }): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen(address, () => {
      resolve(undefined);
    });
    try {
      await promise;
    } catch (error) {
      throw listenFault(error, `${address.host}:${address.port}`);
    }
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    this.#server.closeAllConnections();
    await promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (await isTooLong(request)) response.writeHead(413).end();
      else if (isAllowed(request.headers.authorization, this.#parts.password)) {
        await this.#serve(request, response);
      } else {
        response.writeHead(401, {
          'WWW-Authenticate': 'Basic realm="Secondwind", charset="UTF-8"',
        });
        response.end();
      }
    } catch (error) {
      this.#fail(response, error);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const names = parseRequestPath(request.url ?? '');
    if (names === undefined) return void response.writeHead(400).end();
    if (request.method === 'OPTIONS') {
      return void response
        .writeHead(200, { DAV: '1', Allow: methods, 'MS-Author-Via': 'DAV' })
        .end();
    }
    if (!methods.split(', ').includes(request.method ?? '')) {
      return void response.writeHead(405, { Allow: methods }).end();
    }
    const file = await this.#find(names);
    if (file === undefined) return void response.writeHead(404).end();
    if (request.method === 'PROPFIND') return sendProperties(file, names, { request, response });
    return sendContent(file, request, response);
  }

  async #find(names: readonly string[]): Promise<ServedFile | undefined> {
    let file: ServedFile | undefined = this.#parts.root;
    for (const name of names) {
      if (file === undefined) return undefined;
      file = await file.find(name);
    }
    return file;
  }

  /** After the first byte only a cut connection tells a client that something is missing. */
  #fail(response: ServerResponse, error: unknown): void {
    const isGone = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isGone) this.#parts.log.warn('A WebDAV request failed', { error });
    if (response.headersSent) return void response.destroy();
    const isTheirs = isSecondwindError(error);
    const text = isTheirs ? `${error.message}\n${error.advice}\n` : 'Something went wrong.\n';
    response.writeHead(isTheirs ? error.definition.httpStatus : 500, {
      'Content-Type': 'text/plain; charset=utf-8',
    });
    response.end(text);
  }
}

/** Reads what a request carries, and throws it away. */
async function isTooLong(request: IncomingMessage): Promise<boolean> {
  let lengthBytes = 0;
  for await (const piece of request) {
    lengthBytes += (piece as Buffer).length;
    if (lengthBytes > requestBodyBytesMax) return true;
  }
  return false;
}

function listenFault(error: unknown, address: string): SecondwindError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new SecondwindError(
      'IN_USE',
      { what: address, reason: 'another program listens there' },
      error,
    );
  }
  return new SecondwindError(
    'IO_FAILED',
    { action: 'Listening', file: address, reason: message },
    error,
  );
}

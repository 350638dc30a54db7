import { chmod, lstat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { type Endpoint, formatEndpoint } from '../../base/endpoint.ts';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';

/** A place where clients connect. */
export interface Listener {
  /** Where it listens; with the port that was found where any was asked for. */
  readonly endpoint: Endpoint;
  /** Takes no more clients and removes a Unix socket's file. */
  close(): void;
}

/**
 * Listens for clients.
 * @param endpoint - a Unix socket is made for its owner alone (mode 0600); a stale file of one is removed
 * @param onClient - takes each accepted socket, paused
 * @throws IN_USE when somebody listens there; REFUSED when another file is in the way; IO_FAILED
 */
export async function listenOn(
  endpoint: Endpoint,
  onClient: (socket: Socket) => void,
): Promise<Listener> {
  if (endpoint.kind === 'unix') await removeStale(endpoint.path);
  const server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, onClient);
  try {
    await listening(server, endpoint);
    if (endpoint.kind === 'unix') await chmod(endpoint.path, 0o600);
  } catch (error) {
    server.close();
    throw refined(error, endpoint);
  }
  return { endpoint: actual(server, endpoint), close: () => server.close() };
}

function listening(server: Server, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    if (endpoint.kind === 'tcp') server.listen(endpoint.port, endpoint.host);
    else listenPrivately(server, endpoint.path);
  });
}

// The file is made within the call to listen, so nobody can connect before its mode is set.
function listenPrivately(server: Server, path: string): void {
  // In a worker thread the mask cannot be set; there the mode follows a moment later.
  const mask = isMainThread ? process.umask(0o177) : undefined;
  try {
    server.listen(path);
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

// Removes the socket file of a server that is gone; leaves everything else to fail by itself.
async function removeStale(path: string): Promise<void> {
  if ((await kindOf(path)) !== 'socket') return;
  if (await isAnswered(path)) throw inUse(path, 'a server answers there');
  await unlink(path);
}

async function kindOf(path: string): Promise<'nothing' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw fromSystemError(error, 'Looking for a socket', path);
  }
}

// Only a refused connection proves that nobody listens; a full queue or a forbidden path does not.
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function refined(error: unknown, endpoint: Endpoint): SecondwindError {
  const place = formatEndpoint(endpoint);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return inUse(place, 'something else is at that address');
  }
  return fromSystemError(error, 'Listening', place);
}

function inUse(what: string, reason: string): SecondwindError {
  return new SecondwindError('IN_USE', { what, reason });
}

function actual(server: Server, endpoint: Endpoint): Endpoint {
  if (endpoint.kind === 'unix') return endpoint;
  return { ...endpoint, port: (server.address() as AddressInfo).port };
}

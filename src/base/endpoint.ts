import { isIPv6 } from 'node:net';
import { SecondwindError } from './errors.ts';
import { unixSocketPathBytesMax } from './limits.ts';

/** Where a server listens or a client connects to. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Reads an address as people write it.
 * @param text - "unix:PATH" or "HOST:PORT"; an IPv6 host stands in brackets: "[::1]:10809"
 * @returns port 0 means any free port; a path is given back as it was written, relative or not
 * @throws USAGE with the reason
 */
export function parseEndpoint(text: string): Endpoint {
  return text.startsWith('unix:') ? unixEndpoint(text, text.slice(5)) : tcpEndpoint(text);
}

/**
 * Writes an address the way parseEndpoint reads it.
 * @param endpoint - the address
 */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`;
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

function unixEndpoint(text: string, path: string): Endpoint {
  if (path === '') throw fault(text, 'the path of the socket is missing');
  if (path.includes('\0')) throw fault(text, 'the path holds a zero byte');
  const bytes = Buffer.byteLength(path);
  if (bytes > unixSocketPathBytesMax) {
    const excess = `the path is ${bytes} bytes long, and a socket's holds ${unixSocketPathBytesMax}`;
    throw fault(text, excess);
  }
  return { kind: 'unix', path };
}

function tcpEndpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) throw fault(text, 'write it as unix:PATH or HOST:PORT');
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > 65_535) throw fault(text, 'a port is at most 65535');
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw fault(text, 'what stands in brackets is no IPv6 address');
  }
  const host = bracketed ?? plain!;
  if (!/^[\p{L}\p{Nd}._:%-]+$/u.test(host))
    throw fault(text, 'the host is missing or no host name');
  return { kind: 'tcp', host, port };
}

function fault(text: string, reason: string): SecondwindError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return new SecondwindError('USAGE', {
    reason: `"${shown.toWellFormed().replace(/\p{C}/gu, '�')}" is no address: ${reason}`,
  });
}

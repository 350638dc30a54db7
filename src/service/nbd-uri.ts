import { formatEndpoint, parseEndpoint } from '../base/endpoint.ts';

/**
 * Writes an address as NBD clients do.
 * @param listen - "unix:PATH" or "HOST:PORT"
 * @param name - of the export
 * @source NBD URI specification, doc/uri.md of the NetworkBlockDevice project
 */
export function nbdUri(listen: string, name: string): string {
  const endpoint = parseEndpoint(listen);
  const path = name.split('/').map(encodeURIComponent).join('/');
  if (endpoint.kind === 'tcp') return `nbd://${formatEndpoint(endpoint)}/${path}`;
  return `nbd+unix:///${path}?socket=${encodeURI(endpoint.path).replaceAll(/[&#+?]/g, encodeURIComponent)}`;
}

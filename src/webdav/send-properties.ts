import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServedFile } from '../filesystem/served-tree.ts';
import { entityTag } from './entity-tag.ts';
import { formatResponse, multistatusEnd, multistatusStart } from './multistatus.ts';

const infiniteDepth =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n';

/**
 * Answers PROPFIND of a file, or of a directory with what lies in it. Always all properties: there are few, and which ones a client names makes
 * no difference to it. Large directories are sent as they are read.
 * @source RFC 4918, section 9.1
 * @param file - what was asked about
 * @param names - its path
 * @param exchange - request and response; the response is ended
 * @throws what the file throws before its first name
 */
export async function sendProperties(
  file: ServedFile,
  names: readonly string[],
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const { request, response } = exchange;
  const depth = request.headers['depth'] ?? 'infinity';
  response.setHeader('Content-Type', 'application/xml; charset=utf-8');
  if (depth !== '0' && depth !== '1') {
    response.writeHead(403).end(infiniteDepth);
    return;
  }
  const own = formatResponse(names, await file.status(), entityTag(file));
  const isListed = depth === '1' && (await file.status()).kind === 'directory';
  response.writeHead(207);
  const texts = responsesOf(own, isListed ? file : undefined, names);
  await pipeline(Readable.from(texts), response);
}

async function* responsesOf(
  own: string,
  directory: ServedFile | undefined,
  names: readonly string[],
): AsyncGenerator<string> {
  yield multistatusStart + own;
  for await (const batch of directory?.list() ?? []) {
    const texts: string[] = [];
    for (const { name } of batch) {
      const file = await directory?.find(name);
      if (file === undefined) continue;
      texts.push(formatResponse([...names, name], await file.status(), entityTag(file)));
    }
    yield texts.join('');
  }
  yield multistatusEnd;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableDisk } from '../disk/disk.ts';
import type { ServedFile } from '../filesystem/served-tree.ts';
import { type AskedRange, parseRange } from './byte-range.ts';
import { entityTag } from './entity-tag.ts';
import { contentPieceBytes } from './limits.ts';
import { httpDate } from './multistatus.ts';

/**
 * Answers GET and HEAD of a file.
 * @param file - an ordinary file
 * @param request - may ask for a range
 * @param response - is ended
 * @throws what the file throws before its first byte; later the connection is cut, so that no client takes a part for the whole
 */
export async function sendContent(
  file: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const content = await file.open();
  try {
    const { modifiedMicros } = await file.status();
    response.setHeader('Last-Modified', httpDate(modifiedMicros));
    response.setHeader('ETag', entityTag(file));
    response.setHeader('Accept-Ranges', 'bytes');
    // What lies on a protected disk is never run or shown as a page.
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Disposition', 'attachment');
    const range = parseRange(request.headers.range, content.sizeBytes);
    sendHead(response, range, content.sizeBytes);
    const sent =
      typeof range === 'string' ? { startBytes: 0, lengthBytes: content.sizeBytes } : range;
    if (request.method === 'HEAD' || range === 'none') response.end();
    else await pipeline(Readable.from(piecesOf(content, sent), { objectMode: false }), response);
  } finally {
    await content.close();
  }
}

function sendHead(
  response: ServerResponse,
  range: AskedRange | 'whole' | 'none',
  sizeBytes: number,
): void {
  if (range === 'whole') response.writeHead(200, { 'Content-Length': sizeBytes });
  else if (range === 'none') response.writeHead(416, { 'Content-Range': `bytes */${sizeBytes}` });
  else {
    const { startBytes, lengthBytes } = range;
    response.writeHead(206, {
      'Content-Length': lengthBytes,
      'Content-Range': `bytes ${startBytes}-${startBytes + lengthBytes - 1}/${sizeBytes}`,
    });
  }
}

async function* piecesOf(content: ReadableDisk, range: AskedRange): AsyncGenerator<Buffer> {
  const endBytes = range.startBytes + range.lengthBytes;
  for (let at = range.startBytes; at < endBytes; at += contentPieceBytes) {
    const piece = Buffer.allocUnsafe(Math.min(contentPieceBytes, endBytes - at));
    await content.read(piece, at);
    const next = at + piece.length;
    const aheadBytes = Math.min(contentPieceBytes, endBytes - next);
    if (aheadBytes > 0) await content.prefetch?.(next, aheadBytes);
    yield piece;
  }
}

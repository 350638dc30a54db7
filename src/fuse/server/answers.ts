import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileAttribute } from '../../filesystem/file-system.ts';
import { decodeName, encodeName } from '../../filesystem/name-text.ts';
import type { ServedFile } from '../../filesystem/served-tree.ts';
import { liveCacheSeconds, readBytesMax, steadyCacheSeconds } from '../limits.ts';
import { errno, openFlag, operation } from '../protocol/numbers.ts';
import {
  encodeAttributesReply,
  encodeEntry,
  encodeExtendedLength,
  encodeOffset,
  encodeOpened,
  encodeStatistics,
} from '../protocol/reply.ts';
import {
  decodeHandle,
  decodeNameBytes,
  decodeRead,
  decodeSeek,
  type FuseRequest,
} from '../protocol/request.ts';
import { DirectoryListing } from './directory-listing.ts';
import type { HandleTable } from './handle-table.ts';
import type { NodeTable } from './node-table.ts';

/** What answers are made from. */
export interface AnswerParts {
  readonly nodes: NodeTable;
  readonly handles: HandleTable;
}

/** What follows the header of a good reply, or the error number of a bad one. */
export type Answer = readonly Uint8Array[] | number;

type Answering = (parts: AnswerParts, file: ServedFile, request: FuseRequest) => Promise<Answer>;

/** How each operation on a file that is known is answered. */
export const answers: ReadonlyMap<number, Answering> = new Map<number, Answering>([
  [operation.lookup, lookUp],
  [operation.getAttributes, getAttributes],
  [operation.readLink, async (_, file) => [encodeName(await file.readLink())]],
  [operation.open, openFile],
  [operation.read, readFile],
  [operation.release, release],
  [operation.openDirectory, openDirectory],
  [operation.readDirectory, readDirectory],
  [operation.releaseDirectory, release],
  [operation.statistics, async () => [encodeStatistics()]],
  [operation.getExtended, getExtended],
  [operation.listExtended, listExtended],
  [operation.flush, async () => []],
  [operation.seek, seek],
]);

function cacheSeconds(file: ServedFile): number {
  return file.isLive ? liveCacheSeconds : steadyCacheSeconds;
}

async function lookUp(
  { nodes }: AnswerParts,
  file: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const found = await file.find(decodeName(decodeNameBytes(body, 0)));
  if (found === undefined) return errno.noSuchFile;
  const status = await found.status();
  const node = nodes.add(found);
  if (node === undefined) return errno.tooManyFiles;
  // What a living directory shows under a name may be another file soon, though the file itself never changes.
  return [encodeEntry(node, status, cacheSeconds(file))];
}

async function getAttributes(
  _: AnswerParts,
  file: ServedFile,
  request: FuseRequest,
): Promise<Answer> {
  return [encodeAttributesReply(request.node, await file.status(), cacheSeconds(file))];
}

async function openFile({ handles }: AnswerParts, file: ServedFile): Promise<Answer> {
  if (!handles.hasRoom) return errno.tooManyFiles;
  const handle = handles.add({ kind: 'file', content: await file.open() });
  return [encodeOpened(handle, file.isLive ? 0 : openFlag.keepCache)];
}

async function readFile(
  { handles }: AnswerParts,
  _: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const { handle, offsetBytes, lengthBytes } = decodeRead(body);
  const content = handles.content(handle);
  if (content === undefined) return errno.invalid;
  const restBytes = Math.max(0, content.sizeBytes - offsetBytes);
  const target = Buffer.allocUnsafe(Math.min(lengthBytes, restBytes, readBytesMax));
  if (target.length > 0) await content.read(target, offsetBytes);
  return [target];
}

/** Finds the next data or hole, so that copies of sparse files stay sparse. */
async function seek(
  { handles }: AnswerParts,
  _: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const { handle, offsetBytes, target } = decodeSeek(body);
  const content = handles.content(handle);
  if (content === undefined || target === undefined) return errno.invalid;
  if (offsetBytes >= content.sizeBytes) return errno.noSuchAddress;
  const found = await nextOf(content, offsetBytes, target === 'hole');
  return found === undefined ? errno.noSuchAddress : [encodeOffset(found)];
}

/** Behind the end of every file lies a hole. */
async function nextOf(
  content: ReadableDisk,
  fromBytes: number,
  isHole: boolean,
): Promise<number | undefined> {
  for (let at = fromBytes; at < content.sizeBytes; ) {
    for (const extent of await content.extents(at, content.sizeBytes - at)) {
      if (extent.isHole === isHole) return at;
      at += extent.lengthBytes;
    }
  }
  return isHole ? content.sizeBytes : undefined;
}

async function release(
  { handles }: AnswerParts,
  _: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  await handles.release(decodeHandle(body));
  return [];
}

async function openDirectory({ handles }: AnswerParts, file: ServedFile): Promise<Answer> {
  if (!handles.hasRoom) return errno.tooManyFiles;
  const handle = handles.add({ kind: 'directory', listing: new DirectoryListing(file) });
  return [encodeOpened(handle, file.isLive ? 0 : openFlag.keepCache | openFlag.cacheDirectory)];
}

async function readDirectory(
  { handles }: AnswerParts,
  _: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const { handle, offsetBytes, lengthBytes } = decodeRead(body);
  const listing = handles.listing(handle);
  return listing === undefined ? errno.invalid : listing.read(offsetBytes, lengthBytes);
}

/** Body: room (4), padding (4), name. */
async function getExtended(
  _: AnswerParts,
  file: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const name = decodeName(decodeNameBytes(body, 8));
  const attribute = (await file.attributes()).find((known) => known.name === name);
  return attribute === undefined ? errno.noData : fitting(attribute.value, body.readUInt32LE(0));
}

async function listExtended(
  _: AnswerParts,
  file: ServedFile,
  { body }: FuseRequest,
): Promise<Answer> {
  const attributes = await file.attributes();
  const names = attributes.map(({ name }: FileAttribute) => Buffer.from(`${name}\0`));
  return fitting(Buffer.concat(names), body.readUInt32LE(0));
}

function fitting(value: Uint8Array, roomBytes: number): Answer {
  if (roomBytes === 0) return [encodeExtendedLength(value.length)];
  return value.length > roomBytes ? errno.outOfRange : [value];
}

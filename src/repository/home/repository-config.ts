import { SecondwindError } from '../../base/errors.ts';
import {
  checkedJsonBytesMax,
  decodeCheckedJson,
  encodeCheckedJson,
} from '../../format/checked-json.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from '../../format/segment-header.ts';
import { readObject } from '../../storage/read-object.ts';
import type { Storage } from '../../storage/storage.ts';
import { listSegments } from '../segments/counted-segments.ts';
import { segmentName } from '../segments/segment-name.ts';

/** What a repository is, in the object `config.json`: nothing secret, readable without a key. */
export interface RepositoryConfig {
  readonly format: 1;
  /** 32 lower-case hexadecimal digits. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created: string;
}

const configName = 'config.json';
/** Segments looked into for the repository's id when its description cannot be read. */
const segmentsTriedMax = 100;

/**
 * Reads a repository's description. When it is damaged or missing, the headers of the segments tell the same.
 * @param storage - where the repository lies
 * @returns undefined when there is none: no description, and no segments
 * @throws DAMAGED, NEWER_FORMAT, IO_FAILED
 */
export async function readConfig(storage: Storage): Promise<RepositoryConfig | undefined> {
  const object = (await storage.list('')).find(({ name }) => name === configName);
  if (object === undefined) return fromSegments(storage);
  try {
    if (object.sizeBytes > checkedJsonBytesMax) throw new FormatFault('it is too long', 0);
    return decodeConfig(await readObject(storage, configName, checkedJsonBytesMax));
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    const config = await fromSegments(storage);
    if (config !== undefined) return config;
    const data = { file: configName, offset: error.offsetBytes, reason: error.message };
    throw new SecondwindError('DAMAGED', data, error);
  }
}

/**
 * Writes a new repository's description.
 * @param storage - where the repository lies
 * @param config - what it is
 * @throws IO_FAILED, NO_SPACE
 */
export async function writeConfig(storage: Storage, config: RepositoryConfig): Promise<void> {
  await storage.put(configName, encodeCheckedJson(config));
}

/**
 * Decodes a description.
 * @param bytes - content of the object
 * @throws FormatFault, NEWER_FORMAT
 */
export function decodeConfig(bytes: Uint8Array): RepositoryConfig {
  const { format, id, created } = decodeCheckedJson(bytes);
  if (typeof format === 'number' && format > 1) {
    throw new SecondwindError('NEWER_FORMAT', { file: configName, found: format, known: 1 });
  }
  const isSound = format === 1 && typeof id === 'string' && /^[0-9a-f]{32}$/.test(id);
  if (!isSound || typeof created !== 'string') {
    throw new FormatFault('it does not describe a repository', 0);
  }
  return { format, id, created };
}

/** Whatever a header claims, only the right repository's keys open what stands behind it. */
async function fromSegments(storage: Storage): Promise<RepositoryConfig | undefined> {
  const segments = await listSegments(storage);
  for (const { segment } of segments.slice(-segmentsTriedMax)) {
    const reader = await storage.open(segmentName(segment));
    try {
      const bytes = Buffer.alloc(segmentHeaderBytes);
      await reader.read(bytes, 0);
      const { repositoryId, createdMicros } = decodeSegmentHeader(bytes);
      const created = new Date(Math.floor(createdMicros / 1000)).toISOString();
      return { format: 1, id: Buffer.from(repositoryId).toString('hex'), created };
    } catch (error) {
      if (!(error instanceof FormatFault)) throw error;
    } finally {
      await reader.close();
    }
  }
  return undefined;
}

import { SecondwindError } from '../../base/errors.ts';
import { readObject } from '../../storage/read-object.ts';
import type { Storage } from '../../storage/storage.ts';

/** What a repository is, in the object `config.json`: nothing secret, readable without a key. */
export interface RepositoryConfig {
  readonly format: 1;
  /** 32 lower-case hexadecimal digits. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created: string;
}

const configName = 'config.json';
const configBytesMax = 4096;

/**
 * Reads a repository's description.
 * @param storage - where the repository lies
 * @returns undefined when there is none
 * @throws DAMAGED, NEWER_FORMAT, IO_FAILED
 */
export async function readConfig(storage: Storage): Promise<RepositoryConfig | undefined> {
  const objects = await storage.list('');
  if (!objects.some(({ name }) => name === configName)) return undefined;
  const bytes = await readObject(storage, configName, configBytesMax);
  const config = parse(bytes);
  if (typeof config?.format === 'number' && config.format > 1) {
    throw new SecondwindError('NEWER_FORMAT', { file: configName, found: config.format, known: 1 });
  }
  if (config?.format !== 1 || !/^[0-9a-f]{32}$/.test(config.id)) {
    const reason = 'it does not describe a repository';
    throw new SecondwindError('DAMAGED', { file: configName, offset: 0, reason });
  }
  return config as RepositoryConfig;
}

/**
 * Writes a new repository's description.
 * @param storage - where the repository lies
 * @param config - what it is
 * @throws IO_FAILED, NO_SPACE
 */
export async function writeConfig(storage: Storage, config: RepositoryConfig): Promise<void> {
  await storage.put(configName, Buffer.from(`${JSON.stringify(config, undefined, 2)}\n`));
}

function parse(bytes: Buffer): { format: number; id: string; created: string } | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as { format: number; id: string; created: string };
  } catch {
    // What is not JSON is reported by the caller like any other wrong content.
    return undefined;
  }
}

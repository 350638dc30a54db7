import { randomFillSync } from 'node:crypto';
import { constants, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { passphraseCharactersMax } from '../base/limits.ts';
import type { KeySecretInput } from '../repository/index.ts';
import { passphraseBytes } from '../service/passphrase.ts';
import { parseRecoveryKey } from '../service/recovery-key.ts';

/** Where the key of a repository may come from, in the order of preference. */
export interface SecretSources {
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
  /** A passphrase that was given in a file. */
  readonly passphrase?: string | undefined;
  /** File of 32 bytes. */
  readonly keyFile?: string | undefined;
  /** File that holds a recovery key as it is printed. */
  readonly recoveryKeyFile?: string | undefined;
  /** Folder in which systemd puts what LoadCredential= names: "passphrase" or "key". */
  readonly credentialsFolder?: string | undefined;
  /** Asks somebody at the terminal. */
  readonly askPassphrase?: (() => Promise<string>) | undefined;
  /** Whether there is no repository yet, so that a new key may be made. */
  readonly isNew: boolean;
}

const keyBytes = 32;
const secretFileBytesMax = passphraseCharactersMax * 4 + 2;

/**
 * Finds what opens the repository; makes the key file of a new one.
 * @param sources - see SecretSources
 * @throws USAGE when there is nothing to try or a file does not hold a key; IO_FAILED; INTERRUPTED
 */
export async function findSecret(sources: SecretSources): Promise<KeySecretInput> {
  const { passphrase, keyFile, recoveryKeyFile, dataFolder } = sources;
  if (passphrase !== undefined) return passphraseSecret(passphrase);
  if (keyFile !== undefined) return keyFileSecret(keyFile, await readSecret(keyFile));
  if (recoveryKeyFile !== undefined) {
    const text = (await readSecret(recoveryKeyFile)).toString('latin1');
    return { kind: 'recovery', secret: parseRecoveryKey(text) };
  }
  return (
    (await besideData(join(dataFolder, 'key'), sources.isNew)) ??
    (await fromCredentials(sources.credentialsFolder)) ??
    (await fromTerminal(sources))
  );
}

async function besideData(file: string, isNew: boolean): Promise<KeySecretInput | undefined> {
  const found = await readIfThere(file);
  if (found !== undefined) return keyFileSecret(file, found);
  return isNew ? keyFileSecret(file, await makeKeyFile(file)) : undefined;
}

async function fromCredentials(folder: string | undefined): Promise<KeySecretInput | undefined> {
  if (folder === undefined) return undefined;
  const passphrase = await readIfThere(join(folder, 'passphrase'));
  if (passphrase !== undefined) {
    return passphraseSecret(passphrase.toString('utf8').replace(/\r?\n$/, ''));
  }
  const file = join(folder, 'key');
  const key = await readIfThere(file);
  return key === undefined ? undefined : keyFileSecret(file, key);
}

async function fromTerminal({ askPassphrase }: SecretSources): Promise<KeySecretInput> {
  if (askPassphrase !== undefined) return passphraseSecret(await askPassphrase());
  const reason =
    'The repository needs its key: name it with --passphrase-file, --key-file or --recovery-key-file';
  throw new SecondwindError('USAGE', { reason });
}

function passphraseSecret(passphrase: string): KeySecretInput {
  return { kind: 'passphrase', secret: passphraseBytes(passphrase) };
}

function keyFileSecret(file: string, key: Uint8Array): KeySecretInput {
  if (key.length === keyBytes) return { kind: 'key-file', secret: key };
  const reason = `${file} does not hold exactly ${keyBytes} bytes, so it is no key file`;
  throw new SecondwindError('USAGE', { reason });
}

/** The key must be on stable storage before anything is sealed with it. */
async function makeKeyFile(file: string): Promise<Uint8Array> {
  const key = randomFillSync(new Uint8Array(keyBytes));
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    await using handle = await open(file, flags, 0o600);
    await handle.writeFile(key);
    await handle.sync();
    await using folder = await open(dirname(file), 'r');
    await folder.sync();
  } catch (error) {
    throw fromSystemError(error, 'Writing', file);
  }
  return key;
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readSecret(file);
  } catch (error) {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readSecret(file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= secretFileBytesMax) return bytes;
  } catch (error) {
    throw fromSystemError(error, 'Reading', file);
  }
  throw new SecondwindError('USAGE', { reason: `${file} is too large to hold a key` });
}

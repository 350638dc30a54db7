import { createCipheriv, createDecipheriv } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { decodeCheckedJson, encodeCheckedJson } from '../format/checked-json.ts';
import { type CertifiedKey, createAuthority } from './certificate-authority.ts';

/** Where an authority lies, and what seals it. */
export interface AuthorityPlace {
  /** Absolute path of its file. */
  readonly file: string;
  /** 32 bytes, made from the repository's master key: who copies the folder has no authority. */
  readonly sealKey: Uint8Array;
  /** Makes nonces. */
  readonly random: Random;
}

/**
 * Opens the authority of a server; the first call makes it.
 * @param place - see AuthorityPlace
 * @throws IO_FAILED, NO_SPACE, DAMAGED
 */
export async function openAuthority(place: AuthorityPlace): Promise<CertifiedKey> {
  const { file } = place;
  const known = await readFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromSystemError(error, 'Reading', file);
  });
  if (known !== undefined) return unseal(known, place);
  const authority = await createAuthority();
  await write(seal(authority, place), file);
  return authority;
}

function seal({ key, certificate }: CertifiedKey, { sealKey, random }: AuthorityPlace): Uint8Array {
  const nonce = new Uint8Array(12);
  random.fill(nonce);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
  const sealed = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  const sealedKey = Buffer.concat([nonce, sealed]).toString('base64');
  return encodeCheckedJson({ format: 1, certificate, sealedKey });
}

function unseal(bytes: Uint8Array, { file, sealKey }: AuthorityPlace): CertifiedKey {
  try {
    const { certificate, sealedKey } = decodeCheckedJson(bytes);
    const sealed = Buffer.from(String(sealedKey), 'base64');
    const end = sealed.length - 16;
    const cipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, 12));
    cipher.setAuthTag(sealed.subarray(end));
    const key = Buffer.concat([cipher.update(sealed.subarray(12, end)), cipher.final()]);
    return { key: key.toString(), certificate: String(certificate) };
  } catch (error) {
    const reason = 'the authority of the agents cannot be read with the key of this repository';
    throw new SecondwindError('DAMAGED', { file, offset: 0, reason }, error);
  }
}

/** Whoever is enrolled trusts this authority for good, so it must not be lost to a power cut. */
async function write(bytes: Uint8Array, file: string): Promise<void> {
  try {
    {
      await using handle = await open(`${file}.new`, 'w', 0o600);
      await handle.writeFile(bytes);
      await handle.sync();
    }
    await rename(`${file}.new`, file);
    await using folder = await open(dirname(file), 'r');
    await folder.sync();
  } catch (error) {
    throw fromSystemError(error, 'Writing', file);
  }
}

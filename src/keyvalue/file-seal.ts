import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { SecondwindError } from '../base/errors.ts';

/**
 * The seal of a data file: its size and BLAKE3 hash, written when the file was closed in order and taken away before the
 * file is opened for writing. LMDB has no page checksums, so this is what finds a flipped bit, a cut or an exchanged file.
 * Invariants: while the file may change there is no seal; a seal is on stable storage only after the file it describes is.
 */
const sealFormat = 1;

/** Bytes hashed between two turns of the event loop. */
const sliceBytes = 1024 * 1024;

/**
 * Seals a file that nobody writes any more.
 * @param dataFile - path
 * @param sealFile - path of the seal beside it
 * @throws system errors
 */
export async function sealFile(dataFile: string, sealFile: string): Promise<void> {
  const text = JSON.stringify(await fingerprint(dataFile));
  const draft = `${sealFile}.draft`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, sealFile);
  await syncDirectory(dirname(sealFile));
}

/**
 * Compares a file with its seal, and takes the seal away, for good, before anybody writes.
 * @param dataFile - path
 * @param sealFile - path of the seal
 * @returns 'new' without a file, 'recovered' without a seal, 'sealed' when both agree
 * @throws DAMAGED when they differ; the seal is then left where it is
 */
export async function breakSeal(
  dataFile: string,
  sealFile: string,
): Promise<'new' | 'sealed' | 'recovered'> {
  if (!(await exists(dataFile))) return 'new';
  if (!(await exists(sealFile))) return 'recovered';
  const expected = await readFile(sealFile, 'utf8');
  if (expected !== JSON.stringify(await fingerprint(dataFile))) {
    const reason = 'the file is not the one that was closed';
    throw new SecondwindError('DAMAGED', { file: dataFile, offset: 0, reason, index: dataFile });
  }
  await rm(sealFile);
  await syncDirectory(dirname(sealFile));
  return 'sealed';
}

async function fingerprint(
  file: string,
): Promise<{ format: number; sizeBytes: number; blake3: string }> {
  const hasher = new Blake3Hasher();
  const handle = await open(file, 'r');
  try {
    await handle.datasync();
    const slice = Buffer.allocUnsafe(sliceBytes);
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(slice, 0, sliceBytes, sizeBytes);
      if (bytesRead === 0) break;
      hasher.update(slice.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
    return { format: sealFormat, sizeBytes, blake3: hasher.digest('hex') };
  } finally {
    await handle.close();
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

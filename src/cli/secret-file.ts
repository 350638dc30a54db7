import { readFile } from 'node:fs/promises';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { passphraseCharactersMax } from '../base/limits.ts';
import type { CommandContext } from './command-context.ts';

/** UTF-8 needs up to four bytes a character, and one newline may follow. */
const passphraseBytesMax = passphraseCharactersMax * 4 + 2;

/**
 * Reads a passphrase from a file or from standard input; one newline at its end is not part of it.
 * @param context - the world
 * @param file - path, or "-"
 * @throws USAGE when it is empty or too long; IO_FAILED
 */
export async function readPassphrase(context: CommandContext, file: string): Promise<string> {
  const bytes = file === '-' ? await readInput(context) : await readWhole(file);
  if (bytes.length > passphraseBytesMax) throw usage(`The passphrase in ${file} is too long`);
  const passphrase = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (passphrase === '') throw usage(`The passphrase in ${file} is empty`);
  return passphrase;
}

async function readInput(context: CommandContext): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let lengthBytes = 0;
  for await (const piece of context.input) {
    pieces.push(Buffer.from(piece as Buffer));
    lengthBytes += pieces.at(-1)!.length;
    if (lengthBytes > passphraseBytesMax) break;
  }
  return Buffer.concat(pieces);
}

async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw fromSystemError(error, 'Reading', file);
  }
}

function usage(reason: string): SecondwindError {
  return new SecondwindError('USAGE', { reason });
}

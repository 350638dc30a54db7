import { createInterface } from 'node:readline/promises';
import { SecondwindError } from '../base/errors.ts';
import { passphraseCharactersMax } from '../base/limits.ts';
import type { CommandContext, TypedInput } from './command-context.ts';

/**
 * Whether somebody sits at the terminal who can answer.
 * @param context - the world
 */
export function canAsk(context: CommandContext): boolean {
  return context.input.isTTY === true && context.errorOutput.isTTY === true;
}

/**
 * Asks a question that only a written "yes" agrees to.
 * @param context - the world
 * @param question - without the hint how to answer
 * @returns false also where nobody can answer
 */
export async function askYes(context: CommandContext, question: string): Promise<boolean> {
  if (!canAsk(context)) return false;
  context.errorOutput.write(`${question} Type "yes" to go on: `);
  const reader = createInterface({ input: context.input });
  try {
    const { value } = await reader[Symbol.asyncIterator]().next();
    return typeof value === 'string' && value.trim().toLowerCase() === 'yes';
  } finally {
    reader.close();
  }
}

/**
 * Asks for a secret without showing it.
 * @param context - the world
 * @param question - for example "Passphrase"
 * @throws USAGE where nobody can answer; INTERRUPTED by Ctrl-C or Ctrl-D
 */
export async function askSecret(context: CommandContext, question: string): Promise<string> {
  if (!canAsk(context)) {
    const reason = 'There is no terminal to ask for the passphrase; use --passphrase-file';
    throw new SecondwindError('USAGE', { reason });
  }
  const { input, errorOutput } = context;
  errorOutput.write(`${question}: `);
  input.setRawMode?.(true);
  try {
    return await typedLine(input);
  } finally {
    input.setRawMode?.(false);
    input.pause();
    errorOutput.write('\n');
  }
}

/** In raw mode every key arrives as it is, so the few that edit a line are understood here. */
async function typedLine(input: TypedInput): Promise<string> {
  let typed: string[] = [];
  for await (const piece of input.iterator({ destroyOnReturn: false })) {
    for (const key of String(piece)) {
      if (key === '\r' || key === '\n') return typed.join('');
      if (key === '\u0003' || key === '\u0004') {
        throw new SecondwindError('INTERRUPTED', { action: 'Typing the passphrase' });
      }
      if (key === '\u007f' || key === '\b') typed.pop();
      else if (key === '\u0015') typed = [];
      else if (typed.length < passphraseCharactersMax) typed.push(key);
    }
  }
  return typed.join('');
}

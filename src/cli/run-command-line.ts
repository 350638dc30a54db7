import { CommanderError } from 'commander';
import { SecondwindError } from '../base/errors.ts';
import { buildProgram } from './build-program.ts';
import type { CommandContext } from './command-context.ts';
import { failureText } from './output/error-text.ts';
import { inZone } from './output/moments-in-zone.ts';

/**
 * Runs one command line.
 * @param words - the arguments, without program and script
 * @param context - the world
 * @returns the exit code
 */
export async function runCommandLine(
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  // Not an option of the program, which would take it away from "files copy".
  if (words.length === 1 && words[0] === '--version') {
    context.output.write(`${context.version}\n`);
    return 0;
  }
  let exitCode = 0;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(wholeHelp(words), { from: 'user' });
    return exitCode;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return 0;
    const isJson = words.includes('--json');
    const error = caught instanceof CommanderError ? usageError(caught, words) : caught;
    const failure = failureText(isJson ? error : inZone(error, context.timeZone), isJson);
    context.errorOutput.write(failure.text);
    return failure.exitCode;
  }
}

/** "help disk add" is asked for as "disk add --help": the library looks no deeper than one word. */
function wholeHelp(words: readonly string[]): string[] {
  const [first, ...command] = words;
  return first === 'help' && command.length > 1 ? [...command, '--help'] : [...words];
}

function usageError(error: CommanderError, words: readonly string[]): SecondwindError {
  const isBare = error.code === 'commander.help';
  const reason = isBare
    ? `A command is missing after "${['secondwind', ...words].join(' ')}"`
    : error.message
        .replace(/^error: /, '')
        .replace(/\s+/g, ' ')
        .replace(/\.$/, '');
  return new SecondwindError('USAGE', { reason: reason.charAt(0).toUpperCase() + reason.slice(1) });
}

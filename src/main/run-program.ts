import { execFile } from 'node:child_process';
import type { ProgramOutcome, RunProgram } from '../cli/command-context.ts';

/** Longest run of a program that helps a copy, milliseconds: each does little work. */
const runMsMax = 60_000;

/** Runs a program in the C locale, without a shell. */
export const runProgram: RunProgram = (program, words, input) => {
  const { promise, resolve } = Promise.withResolvers<ProgramOutcome>();
  const { PATH = '' } = process.env;
  const env = { PATH: `${PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const child = execFile(program, words, { env, timeout: runMsMax }, (error, stdout, stderr) => {
    const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
    const isMissing = error?.code === 'ENOENT';
    resolve({ exitCode, outputText: stdout, errorText: stderr, isMissing });
  });
  // A program that does not want its input has nothing to complain of: its exit code tells.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
};

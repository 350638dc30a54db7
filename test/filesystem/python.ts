import { execFileSync } from 'node:child_process';

/**
 * Runs a script of Python: it does a thousand system calls that Node has not in the time that starting three programs takes. The system's own Python,
 * since what a version manager puts in front of it takes a second of processor time each.
 * @param script - what it runs
 * @param words - its sys.argv[1:]
 * @param input - what it reads from its standard input
 */
export function python(script: string, words: readonly string[], input = ''): void {
  const stdio = ['pipe', 'ignore', 'pipe'] as const;
  execFileSync('/usr/bin/python3', ['-I', '-S', '-c', script, ...words], {
    input,
    stdio: [...stdio],
  });
}

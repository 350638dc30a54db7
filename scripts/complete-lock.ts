/**
 * Adds to package-lock.json the packages for other kinds of machines that npm left out because the registry at hand
 * does not carry them; see lock-gaps.ts. They get no hash, for there is nothing here to hash.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type LockedPackage, type LockGap, lockGaps } from './lock-gaps.ts';
import { projectRoot } from './source-file.ts';

interface Lock {
  packages: Record<string, LockedPackage>;
}

const lockPath = join(projectRoot, 'package-lock.json');
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as Lock;
const gaps = lockGaps(lock.packages);
for (const gap of gaps) lock.packages[gap.path] = entryFor(gap);
const sorted = Object.entries(lock.packages).sort(([left], [right]) => left.localeCompare(right));
lock.packages = Object.fromEntries(sorted);
writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${gaps.length} packages added`);

/** The entry of a package whose name tells what it fits on: "…-linux-arm64-musl". */
function entryFor(gap: LockGap): LockedPackage & Readonly<Record<string, unknown>> {
  const words = basename(gap.path).split('-');
  const named = (known: readonly string[]): string[] =>
    known.filter((word) => words.includes(word));
  const [os, cpu] = [named(systems), named(processors)];
  if (os.length !== 1 || cpu.length !== 1) {
    throw new Error(`The name ${gap.path} does not tell what machine it is for; add it by hand.`);
  }
  const isMusl = words.some((word) => word.startsWith('musl'));
  return {
    version: gap.version,
    cpu,
    ...(gap.isDev ? { dev: true } : {}),
    ...(os[0] === 'linux' ? { libc: [isMusl ? 'musl' : 'glibc'] } : {}),
    optional: true,
    os,
  };
}

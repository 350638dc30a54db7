import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../../src/base/random.ts';
import { CommandRig } from '../../cli/command-rig.ts';
import { tool } from '../../nbd/served.ts';
import { BusyDisk, type BusyShape, type WorkSpan } from './busy-disk.ts';

/** A file system, and how hard it is used. */
export interface BusyOptions extends BusyShape {
  readonly seed: number;
  readonly workMs: number;
  /** Moments that are restored and checked. */
  readonly moments: number;
}

/** What the moments held. */
export interface BusyReport {
  readonly momentsClean: number;
  /** Files found whole in all of them. */
  readonly filesWhole: number;
}

/**
 * Makes, moves and removes files for ever. A file is named by its content only after that is stable, so whatever moment is
 * restored, each file under such a name must be whole. Between those it does what nothing waits for.
 */
const workload = `
cd "$1"; mkdir -p done loose; n=0
while :; do
  n=$((n + 1))
  head -c $((n * 7919 % 200000 + 1)) /dev/urandom >part && sync part
  mv part "done/$(sha256sum <part | cut -c1-64)"
  mkdir -p "loose/$((n % 7))"; seq $((n % 3000)) >"loose/$((n % 7))/$n"; ln -f "loose/$((n % 7))/$n" loose/link
  if [ $((n % 9)) = 0 ]; then rm -rf "loose/$((n % 5))"; fi
  if [ $((n % 40)) = 0 ]; then ls done | head -n 30 | sed s,^,done/, | xargs rm -f; fi
done`;

/** Prints how many files are whole, or fails. */
const verification = `
cd "$1"; count=0
if [ -d done ]; then cd done; for file in *; do
  [ -e "$file" ] || continue
  [ "$(sha256sum <"$file" | cut -c1-64)" = "$file" ] || { echo "$file is not whole" >&2; exit 1; }
  count=$((count + 1))
done; fi
echo $count`;

/**
 * Uses a file system on a protected disk, and restores moments in the middle of that: each must be what a power cut
 * leaves, which the file system's journal mends.
 * @param options - see BusyOptions
 */
export async function restoreBusy(options: BusyOptions): Promise<BusyReport> {
  const rig = new CommandRig();
  try {
    const disk = new BusyDisk(rig, options);
    await disk.protect();
    const span = await disk.workOn(() => churn(disk.mount, options.workMs));
    const asked = { count: options.moments, span, random: seededRandom(options.seed) };
    const report = { momentsClean: 0, filesWhole: 0 };
    await disk.restoreMoments(asked, async ({ file }) => {
      const counted = await disk.mounted(file, () => shell(verification, disk.mount));
      await disk.assertClean(file);
      report.filesWhole += Number(counted);
      report.momentsClean += 1;
    });
    return report;
  } finally {
    await rig.close();
  }
}

async function churn(folder: string, workMs: number): Promise<WorkSpan> {
  const fromMs = Date.now();
  const words = ['-euc', workload, 'sh', folder];
  // A group of its own, so that what the shell has started ends with it.
  const working = spawn('sh', words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let errors = '';
  working.stderr.on('data', (piece: Buffer) => (errors += piece.toString()));
  const ended = once(working, 'close');
  const early = ended.then(() => {
    throw new Error(`the workload ended by itself: ${errors}`);
  });
  try {
    await Promise.race([early, wait(workMs)]);
  } finally {
    early.catch(() => undefined);
    if (working.exitCode === null) process.kill(-working.pid!, 'SIGKILL');
    await ended;
  }
  return { fromMs, toMs: Date.now() };
}

function shell(script: string, ...words: readonly string[]): Promise<string> {
  return tool('sh', '-euc', script, 'sh', ...words);
}

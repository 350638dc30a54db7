import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { integerBelow, type Random, seededRandom } from '../../../src/base/random.ts';
import type { StatusReport } from '../../../src/service/status-report.ts';
import { CommandRig, until } from '../../cli/command-rig.ts';
import { tool } from '../../nbd/served.ts';

/** A file system, and how hard it is used. */
export interface BusyOptions {
  readonly seed: number;
  readonly kind: 'ext4' | 'xfs';
  readonly diskMebibytes: number;
  readonly workMs: number;
  /** Moments that are restored and checked. */
  readonly moments: number;
}

/** What a moment held. */
export interface BusyReport {
  readonly momentsClean: number;
  /** Files found whole in all of them. */
  readonly filesWhole: number;
}

const makers = { ext4: ['mkfs.ext4', '-q', '-F'], xfs: ['mkfs.xfs', '-q', '-f'] } as const;
const checkers = { ext4: ['e2fsck', '-fn'], xfs: ['xfs_repair', '-n'] } as const;

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
    const busy = new BusyFileSystem(rig, options);
    await busy.protect();
    const span = await busy.work();
    return await busy.checkMoments(span, seededRandom(options.seed));
  } finally {
    await rig.close();
  }
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

class BusyFileSystem {
  readonly #rig: CommandRig;
  readonly #options: BusyOptions;
  readonly #backing: string;
  readonly #mount: string;

  constructor(rig: CommandRig, options: BusyOptions) {
    this.#rig = rig;
    this.#options = options;
    this.#backing = rig.path('disk.img');
    this.#mount = rig.path('mount');
  }

  async protect(): Promise<void> {
    const { kind, diskMebibytes } = this.#options;
    writeFileSync(this.#backing, '');
    truncateSync(this.#backing, diskMebibytes * 2 ** 20);
    const [maker, ...words] = makers[kind];
    await tool(maker, ...words, this.#backing);
    mkdirSync(this.#mount);
    await this.#rig.serve();
    const listen = `unix:${this.#rig.path('tap.sock')}`;
    const address = ['--tap', this.#backing, '--listen', listen, '--window', '200ms'];
    await this.#rig.ok(['disk', 'add', 'busy/root', ...address]);
    await until(async () => {
      const { disks } = await this.#rig.json<StatusReport>(['status']);
      return disks[0]?.state === 'protecting' ? disks : undefined;
    });
  }

  /** Mounts the disk through the tap and works on it. */
  async work(): Promise<Span> {
    const shown = this.#rig.path('shown');
    mkdirSync(shown);
    const uri = `nbd+unix:///?socket=${this.#rig.path('tap.sock')}`;
    const fuse = spawn('nbdfuse', [shown, uri], { stdio: 'ignore' });
    const fuseEnded = once(fuse, 'exit');
    try {
      const file = `${shown}/nbd`;
      await until(() => Promise.resolve(existsSync(file) || undefined));
      return await this.#mounted(file, () => this.#useFor(this.#options.workMs));
    } finally {
      await until(() =>
        tool('fusermount3', '-u', shown).then(
          () => true,
          () => undefined,
        ),
      );
      await fuseEnded;
    }
  }

  /** @param span - in which it was worked */
  async checkMoments({ fromMs, toMs }: Span, random: Random): Promise<BusyReport> {
    const report = { momentsClean: 0, filesWhole: 0 };
    for (let count = 0; count < this.#options.moments; count++) {
      const at = new Date(fromMs + integerBelow(random, toMs - fromMs)).toISOString();
      const file = this.#rig.path(`then-${count}.img`);
      await this.#rig.ok(['restore', 'busy/root', '--at', at, '--to', file]);
      report.filesWhole += await this.#checkOne(file, at);
      rmSync(file);
      report.momentsClean += 1;
    }
    return report;
  }

  /** Mounting replays the journal, as after a power cut; then nothing may be left to mend. */
  async #checkOne(file: string, at: string): Promise<number> {
    try {
      const counted = await this.#mounted(file, () => shell(verification, this.#mount));
      const [checker, ...words] = checkers[this.#options.kind];
      await tool(checker, ...words, file);
      return Number(counted);
    } catch (error) {
      throw new Error(`the ${this.#options.kind} as it stood at ${at} is not clean`, {
        cause: error,
      });
    }
  }

  async #mounted<Result>(file: string, use: () => Promise<Result>): Promise<Result> {
    await tool('mount', '-o', 'loop', file, this.#mount);
    try {
      return await use();
    } finally {
      await tool('umount', this.#mount);
    }
  }

  async #useFor(workMs: number): Promise<Span> {
    const fromMs = Date.now();
    const words = ['-euc', workload, 'sh', this.#mount];
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
}

function shell(script: string, ...words: readonly string[]): Promise<string> {
  return tool('sh', '-euc', script, 'sh', ...words);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { integerBelow, type Random } from '../../../src/base/random.ts';
import type { RestoreReport } from '../../../src/service/restore-report.ts';
import type { StatusReport } from '../../../src/service/status-report.ts';
import { type CommandRig, until } from '../../cli/command-rig.ts';
import { tool } from '../../nbd/served.ts';

/** A file system that a busy disk can hold. */
export type BusyKind = 'ext4' | 'xfs';

/** What a busy disk is. */
export interface BusyShape {
  readonly kind: BusyKind;
  readonly diskMebibytes: number;
}

/** When something was done. */
export interface WorkSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A restored moment. */
export interface RestoredMoment {
  /** What was asked for, milliseconds since 1970. */
  readonly askedMs: number;
  /** The commit whose state it is. */
  readonly pointMs: number;
  /** The restored disk. */
  readonly file: string;
}

const makers = { ext4: ['mkfs.ext4', '-q', '-F'], xfs: ['mkfs.xfs', '-q', '-f'] } as const;
const checkers = { ext4: ['e2fsck', '-fn'], xfs: ['xfs_repair', '-n'] } as const;

/** A file system on a protected disk: mounted through the tap for whoever works on it, and restored as it stood meanwhile. */
export class BusyDisk {
  /** Where it is mounted. */
  readonly mount: string;
  readonly #rig: CommandRig;
  readonly #shape: BusyShape;
  readonly #backing: string;

  constructor(rig: CommandRig, shape: BusyShape) {
    this.#rig = rig;
    this.#shape = shape;
    this.#backing = rig.path('disk.img');
    this.mount = rig.path('mount');
  }

  /** Makes the disk and protects it. */
  async protect(): Promise<void> {
    const { kind, diskMebibytes } = this.#shape;
    // Whoever works on it need not be its owner.
    chmodSync(this.#rig.folder, 0o711);
    writeFileSync(this.#backing, '');
    truncateSync(this.#backing, diskMebibytes * 2 ** 20);
    const [maker, ...words] = makers[kind];
    await tool(maker, ...words, this.#backing);
    mkdirSync(this.mount);
    await this.#rig.serve();
    const listen = `unix:${this.#rig.path('tap.sock')}`;
    const address = ['--tap', this.#backing, '--listen', listen, '--window', '200ms'];
    await this.#rig.ok(['disk', 'add', 'busy/root', ...address]);
    await until(async () => {
      const { disks } = await this.#rig.json<StatusReport>(['status']);
      return disks[0]?.state === 'protecting' ? disks : undefined;
    });
  }

  /**
   * Mounts the disk through the tap while it is worked on.
   * @param work - uses `mount`
   */
  async workOn<Result>(work: () => Promise<Result>): Promise<Result> {
    const shown = this.#rig.path('shown');
    mkdirSync(shown);
    const uri = `nbd+unix:///?socket=${this.#rig.path('tap.sock')}`;
    const fuse = spawn('nbdfuse', [shown, uri], { stdio: 'ignore' });
    const fuseEnded = once(fuse, 'exit');
    try {
      const file = `${shown}/nbd`;
      await until(() => Promise.resolve(existsSync(file) || undefined));
      return await this.mounted(file, work);
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

  /**
   * Restores moments, one after the other.
   * @param count - how many
   * @param span - in which they lie
   * @param random - chooses them
   * @param check - looks at each; what it throws names the moment
   */
  async restoreMoments(
    {
      count,
      span,
      random,
    }: { readonly count: number; readonly span: WorkSpan; readonly random: Random },
    check: (moment: RestoredMoment) => Promise<void>,
  ): Promise<void> {
    for (let number = 0; number < count; number++) {
      const askedMs = span.fromMs + integerBelow(random, span.toMs - span.fromMs);
      const at = new Date(askedMs).toISOString();
      const file = this.#rig.path(`then-${number}.img`);
      const words = ['restore', 'busy/root', '--at', at, '--to', file];
      const { point } = await this.#rig.json<RestoreReport>(words);
      try {
        await check({ askedMs, pointMs: Date.parse(point), file });
      } catch (error) {
        throw new Error(`the ${this.#shape.kind} as it stood at ${at}`, { cause: error });
      }
      rmSync(file);
    }
  }

  /**
   * Mounts a disk, which mends its journal as after a power cut.
   * @param file - holds the disk
   * @param use - finds it at `mount`
   */
  async mounted<Result>(file: string, use: () => Promise<Result>): Promise<Result> {
    await tool('mount', '-o', 'loop', file, this.mount);
    try {
      return await use();
    } finally {
      await tool('umount', this.mount);
    }
  }

  /** Finds nothing to mend. @param file - a disk that was mounted since it was restored */
  async assertClean(file: string): Promise<void> {
    const [checker, ...words] = checkers[this.#shape.kind];
    await tool(checker, ...words, file);
  }
}

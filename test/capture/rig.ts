import { strict as assert } from 'node:assert';
import type { Clock, Micros } from '../../src/base/clock.ts';
import type {
  MachineCaptureOptions,
  TappedDiskOptions,
} from '../../src/capture/capture-options.ts';
import type { CaptureObserver } from '../../src/capture/capture-status.ts';
import { MachineCapture } from '../../src/capture/machine-capture.ts';
import type { TapDisk } from '../../src/capture/tap/tap-disk.ts';
import { FaultyDisk } from '../../src/testing/faulty-disk.ts';
import { MemoryFile } from '../../src/testing/memory-file.ts';
import { MemoryRepository } from '../../src/testing/memory-repository.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LossyDisk } from './lossy-disk.ts';

/** Name of the machine in all these tests. */
export const machine = 'web';

/** A disk of the rig: what it is made of survives the capture. */
export interface RigDisk {
  readonly name: string;
  backing: FaultyDisk & { readonly below: LossyDisk };
  intentFile: MemoryFile;
  tap: TapDisk | undefined;
}

/** A machine whose disks, intent maps and repository outlive its capture. */
export class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  repository: MemoryRepository = new MemoryRepository();
  readonly disks: RigDisk[] = [];
  /** Runs in every cut, at its instant, with the time that the cut gets. */
  atCut: ((timeMicros: Micros) => void) | undefined;
  capture: MachineCapture | undefined;
  #ticks = 0;

  addDisk(name: string, sizeBytes: number): RigDisk {
    const backing = faulty(new LossyDisk(Buffer.alloc(sizeBytes)));
    const disk = { name, backing, intentFile: new MemoryFile(), tap: undefined };
    this.disks.push(disk);
    return disk;
  }

  /** Starts capture of all disks. */
  async start(
    options: Partial<MachineCaptureOptions> = {},
    diskOptions: Partial<TappedDiskOptions> = {},
  ): Promise<MachineCapture> {
    const { repository } = this;
    this.capture = new MachineCapture({
      ...{ machine, sink: repository, views: repository, clock: this.#tickingClock() },
      ...options,
    });
    for (const disk of this.disks) {
      const { name, backing, intentFile } = disk;
      disk.tap = await this.capture.addDisk({
        ...{ disk: name, backing, intentFile },
        ...diskOptions,
      });
    }
    return this.capture;
  }

  /** Lets time pass until every disk is whole. */
  async untilWhole(): Promise<void> {
    // What was written a moment ago has no age yet: a window must pass before the lag tells.
    await this.clock.advance(1100);
    for (let i = 0; i < 2000; i++) {
      const { state, lagMs, queueLength } = this.capture!.status;
      if (state === 'protecting' && lagMs === 0 && queueLength === 0) return;
      await this.clock.advance(100);
    }
    assert.fail(`never whole: ${JSON.stringify(this.capture!.status)}`);
  }

  /** Content of a disk's backing. */
  content(disk: RigDisk): Buffer {
    const content = Buffer.alloc(disk.backing.sizeBytes);
    disk.backing.below.peek(content);
    return content;
  }

  /** Content of a disk in the repository, at its newest commit. */
  async stored(disk: RigDisk): Promise<Buffer> {
    return this.repository.contentAt({ machine, disk: disk.name }, Number.MAX_SAFE_INTEGER);
  }

  /** Asserts that the newest state stored is whole and equals the backing. */
  async assertEqual(): Promise<void> {
    for (const disk of this.disks) {
      const name = { machine, disk: disk.name };
      const view = await this.repository.openView(name, Number.MAX_SAFE_INTEGER);
      await view.close();
      const [stored, content] = [await this.stored(disk), this.content(disk)];
      assert.equal(firstDifference(stored, content), -1, `${disk.name} differs`);
    }
  }

  /**
   * Ends the capture as a kill would, or a power loss: nothing it does from now on reaches what is left.
   * @param survives - for a power loss: asked for everything that was not synced
   */
  async drop(survives?: () => boolean): Promise<void> {
    for (const disk of this.disks) {
      const { below } = disk.backing;
      const isKill = survives === undefined;
      disk.backing = faulty(isKill ? below.afterKill() : below.afterPowerLoss(survives));
      const oldFile = disk.intentFile;
      disk.intentFile = oldFile.afterPowerLoss(survives ?? (() => true));
      oldFile.failsAt = undefined;
      disk.tap = undefined;
    }
    this.repository = this.repository.afterKill();
    const left = this.capture;
    this.capture = undefined;
    // What is left of it must not go on in the background of the test.
    if (left !== undefined) await this.close(left);
  }

  /** Ends a capture, letting time pass for it. */
  async close(capture: MachineCapture = this.capture!): Promise<void> {
    let isClosed = false;
    const closed = Promise.allSettled([capture.close()]).then(([outcome]) => {
      isClosed = true;
      return outcome;
    });
    while (!isClosed) await this.clock.advance(1000);
    const outcome = await closed;
    if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Each look at the wall clock gives another time, so that a commit's time says which cut it was. */
  #tickingClock(): Clock {
    const { clock } = this;
    return {
      nowMicros: () => {
        const now = clock.nowMicros() + ++this.#ticks;
        this.atCut?.(now);
        return now;
      },
      steadyMs: () => clock.steadyMs(),
      sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    };
  }
}

function faulty(below: LossyDisk): FaultyDisk & { readonly below: LossyDisk } {
  return Object.assign(new FaultyDisk(below), { below });
}

/** Index of the first byte that differs, −1 when equal. */
export function firstDifference(left: Buffer, right: Buffer): number {
  if (left.equals(right)) return -1;
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return at < 0 ? Math.min(left.length, right.length) : at;
}

/** Numbers from a seed: mulberry32. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A seed: from SEED in the environment to run one again, else from the clock. */
export function pickSeed(): number {
  return Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
}

/** Observer that remembers the states it heard. */
export function stateRecorder(): { states: string[]; observer: CaptureObserver } {
  const states: string[] = [];
  return { states, observer: { stateChanged: (status) => states.push(status.state) } };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/base/system-clock.ts';
import type { GuestMonitor } from '../../src/qemu/guest-monitor.ts';
import { connectQmp } from '../../src/qemu/qmp-monitor.ts';

/** A QEMU whose machine never runs: what a guest would write to its disks is written by QEMU's own command. */
export class BareQemu {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #monitor: GuestMonitor | undefined;

  /** @param folder - for images and sockets */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The monitor for the server. */
  get qmp(): string {
    return join(this.#folder, 'qmp');
  }

  image(disk: string): string {
    return join(this.#folder, `${disk}.img`);
  }

  makeImage(disk: string, sizeBytes: number): void {
    writeFileSync(this.image(disk), '');
    truncateSync(this.image(disk), sizeBytes);
  }

  /** Starts it with disks whose images are there. */
  async start(disks: readonly string[]): Promise<void> {
    const own = join(this.#folder, 'own');
    const monitors = [this.qmp, own].flatMap((path) => ['-qmp', `unix:${path},server=on,wait=off`]);
    const drives = disks.flatMap((disk) => {
      const words = `file=${this.image(disk)},format=raw,if=none,id=${disk},discard=unmap`;
      return ['-drive', words, '-device', `virtio-blk-pci,drive=${disk}`];
    });
    const machine = ['-accel', 'tcg', '-m', '64', '-S', '-nodefaults', '-display', 'none'];
    const words = [...machine, ...monitors, ...drives];
    this.#child = spawn('qemu-system-x86_64', words, { stdio: 'ignore' });
    const listener = { event: () => undefined, closed: () => undefined };
    for (;;) {
      try {
        this.#monitor = await connectQmp({ path: own, clock: systemClock, listener });
        return;
      } catch (error) {
        if (this.#child.exitCode !== null) throw error;
        await wait(20);
      }
    }
  }

  execute(command: string, words?: object): Promise<unknown> {
    return this.#monitor!.execute(command, words);
  }

  /** Does what a guest would do to a disk, in the words of qemu-io; ends when the guest would see it done. */
  async io(disk: string, words: string): Promise<void> {
    const line = `qemu-io ${disk} "${words}"`;
    const said = await this.execute('human-monitor-command', { 'command-line': line });
    if (/fail|error/i.test(String(said))) throw new Error(`${words}: ${String(said)}`);
  }

  /** Names in QEMU that begin like ours: jobs, nodes and exports. */
  async ours(): Promise<string[]> {
    const nodes = await this.execute('query-named-block-nodes', { flat: true });
    const jobs = await this.execute('query-block-jobs');
    const exports = await this.execute('query-block-exports');
    const text = JSON.stringify({ nodes, jobs, exports });
    return [...new Set(text.match(/secondwind-[0-9a-f]{6}-[0-9a-z-]+/g) ?? [])];
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#monitor?.close();
  }
}

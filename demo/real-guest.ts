import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const kit = join(import.meta.dirname, '..', 'node_modules', '.cache', 'guest');
const patienceMs = 120_000;

/** When a record was asked for and when it was known to be on stable storage, by this machine's clock, milliseconds. */
export interface GuestRecord {
  readonly askedMs: number;
  doneMs: number | undefined;
}

/** Images of the two disks of a guest: files, or NBD addresses. */
export interface GuestImages {
  readonly vda: string;
  readonly vdb: string;
}

/**
 * A real guest under QEMU, emulated: Debian's kernel, busybox, and two disks with ext4; scripts/guest/ makes it. It writes
 * numbered records, and tells of each when it is on stable storage.
 */
export class RealGuest {
  /** Numbered from 1; index 0 is not used. */
  readonly records: GuestRecord[] = [{ askedMs: 0, doneMs: 0 }];
  readonly #folder: string;
  readonly #images: GuestImages;
  #child: ChildProcess | undefined;
  #console: Socket | undefined;
  #said = '';

  /**
   * @param folder - for its sockets
   * @param images - its disks, each with ext4
   */
  constructor(folder: string, images: GuestImages) {
    this.#folder = folder;
    this.#images = images;
  }

  get qmp(): string {
    return join(this.#folder, 'qmp');
  }

  get agent(): string {
    return join(this.#folder, 'agent');
  }

  /** Newest record that the guest knows to be on stable storage. */
  get doneCount(): number {
    return this.records.findLastIndex(({ doneMs }) => doneMs !== undefined);
  }

  /** Boots it, and waits until it takes orders. */
  async start(): Promise<void> {
    const socket = (name: string): string => `${join(this.#folder, name)},server=on,wait=off`;
    const drive = (disk: 'vda' | 'vdb'): string[] => [
      ...['-drive', `file=${this.#images[disk]},format=raw,if=none,id=${disk},discard=unmap`],
      ...['-device', `virtio-blk-pci,drive=${disk},id=${disk}-device`],
    ];
    this.#said = '';
    this.#child = spawn(
      'qemu-system-x86_64',
      [
        ...['-accel', 'tcg', '-m', '192', '-display', 'none', '-nodefaults', '-no-reboot'],
        ...['-kernel', join(kit, 'vmlinuz'), '-initrd', join(kit, 'initrd.gz')],
        ...['-append', 'console=ttyS0 quiet panic=-1', '-serial', `unix:${socket('console')}`],
        ...['-qmp', `unix:${socket('qmp')}`, ...drive('vda'), ...drive('vdb')],
        ...['-device', 'virtio-serial', '-chardev', `socket,id=agent,path=${socket('agent')}`],
        ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
      ],
      { stdio: 'ignore' },
    );
    await this.#connect();
    await this.until(() => this.#said.includes('ready'));
  }

  /** Has it write records; does not wait for them. */
  write(count: number): void {
    const first = this.records.length;
    const askedMs = Date.now();
    for (let i = 0; i < count; i++) this.records.push({ askedMs, doneMs: undefined });
    this.run(`records ${first} ${first + count - 1}`);
  }

  /** Has it write records, and waits until they are on stable storage. */
  async writeAll(count: number): Promise<void> {
    this.write(count);
    await this.until(() => this.doneCount === this.records.length - 1);
  }

  /** Has it write, a few records at a time, until a signal says that it is enough, or it has ended. */
  async writeUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.isAlive) {
      this.write(5);
      await this.until(() => this.doneCount === this.records.length - 1 || !this.isAlive);
    }
  }

  /** Sends it a line of shell. */
  run(line: string): void {
    this.#console?.write(`${line}\n`);
  }

  get isAlive(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** What it has printed since it was started. */
  get said(): string {
    return this.#said;
  }

  async until(question: () => boolean): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!question()) {
      if (performance.now() > deadline)
        throw new Error(`the guest did not get there: ${this.#said}`);
      await wait(5);
    }
  }

  /** Asks its shell, and waits for a line of the answer. */
  async ask(line: string, answer: RegExp): Promise<string> {
    const start = this.#said.length;
    this.run(line);
    await this.until(() => answer.test(this.#said.slice(start)));
    return answer.exec(this.#said.slice(start))![1]!;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.#child === undefined || !this.isAlive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#console?.destroy();
  }

  async #connect(): Promise<void> {
    for (;;) {
      const socket = connect(join(this.#folder, 'console'));
      try {
        await once(socket, 'connect');
        this.#console = socket;
        socket.on('error', () => undefined);
        socket.on('data', (piece) => this.#hear(piece.toString('latin1')));
        return;
      } catch {
        if (!this.isAlive) throw new Error('QEMU has ended');
        await wait(20);
      }
    }
  }

  #hear(piece: string): void {
    const from = Math.max(0, this.#said.lastIndexOf('\n') + 1);
    this.#said += piece;
    const nowMs = Date.now();
    for (const [, number] of this.#said.slice(from).matchAll(/done (\d+)\r?\n/g)) {
      const record = this.records[Number(number)];
      if (record !== undefined) record.doneMs ??= nowMs;
    }
  }
}

import { isSecondwindError } from '../base/errors.ts';
import type { GuestMonitor } from './guest-monitor.ts';
import { asObjects, asText } from './qmp-message.ts';

/** What QEMU is to serve for us to read. */
export interface SourceOrder {
  /** Name of the export in QEMU and on the wire. */
  readonly id: string;
  /** Node of the guest's disk. */
  readonly node: string;
}

/**
 * Has a guest's QEMU serve disks of the guest, read-only, so that they can be compared while the guest goes on. QEMU has
 * one NBD server, and others may want it; so it runs only as long as somebody reads.
 * @source QEMU, qapi/block-export.json, "nbd-server-start", "block-export-add"
 */
export class SourceExports {
  readonly #monitor: GuestMonitor;
  readonly #socketPath: string;
  readonly #open = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param monitor - of the guest
   * @param socketPath - Unix socket that QEMU makes
   */
  constructor(monitor: GuestMonitor, socketPath: string) {
    this.#monitor = monitor;
    this.#socketPath = socketPath;
  }

  /**
   * Serves a disk.
   * @param order - see SourceOrder
   * @returns path of the socket
   * @throws GUEST_REFUSED when somebody else uses QEMU's server, or QEMU does not have one; GUEST_UNREACHABLE, PROTOCOL
   */
  start(order: SourceOrder): Promise<string> {
    return this.#inTurn(async () => {
      const { id, node } = order;
      if (this.#open.size === 0) {
        const addr = { type: 'unix', data: { path: this.#socketPath } };
        await this.#monitor.execute('nbd-server-start', { addr });
      }
      const words = { type: 'nbd', id, 'node-name': node, name: id, writable: false };
      try {
        await this.#monitor.execute('block-export-add', words);
        this.#open.add(id);
      } finally {
        if (this.#open.size === 0) await this.#monitor.execute('nbd-server-stop');
      }
      return this.#socketPath;
    });
  }

  /**
   * Serves a disk no longer.
   * @param id - as it was ordered
   * @throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL
   */
  stop(id: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#open.delete(id)) return;
      await this.#monitor.execute('block-export-del', { id, mode: 'hard' });
      if (this.#open.size === 0) await this.#monitor.execute('nbd-server-stop');
    });
  }

  #inTurn<Answer>(action: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#turn.then(action);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/**
 * Ends the exports that an earlier connection left, and QEMU's server when nobody else has one there.
 * @param monitor - of the guest
 * @param prefix - how the names of our exports begin
 * @throws GUEST_UNREACHABLE, PROTOCOL
 */
export async function stopOldExports(monitor: GuestMonitor, prefix: string): Promise<void> {
  const all = asObjects(await monitor.execute('query-block-exports'));
  const ours = all.map((each) => asText(each['id'])).filter((id) => id.startsWith(prefix));
  for (const id of ours) await monitor.execute('block-export-del', { id, mode: 'hard' });
  if (ours.length === 0 || ours.length < all.length) return;
  try {
    await monitor.execute('nbd-server-stop');
  } catch (error) {
    if (!isSecondwindError(error, 'GUEST_REFUSED')) throw error;
  }
}

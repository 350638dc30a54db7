import { setTimeout as wait } from 'node:timers/promises';
import { isSecondwindError } from '../base/errors.ts';
import type { GuestMonitor } from './guest-monitor.ts';
import { asObjects, asText } from './qmp-message.ts';

/** Where a guest's writes are to be copied to. */
export interface MirrorOrder {
  /** Name of the job and of the node that stands for our export; QEMU allows 31 characters. */
  readonly id: string;
  /** Node of the guest's disk. */
  readonly node: string;
  /** Path of the Unix socket that our export is served at. */
  readonly socketPath: string;
  /** Name of the export. */
  readonly exportName: string;
}

const goneLooksMax = 50;
const goneLookMs = 20;

/**
 * Has QEMU copy every write of the guest to our export before the guest sees it done. When this ends, it does.
 *
 * Only what is written from now on is copied (`sync: none`): what was there before is read and compared by us, at our pace.
 * An export that does not answer at once is an error (`reconnect-delay: 0`), and an error ends the job, not the guest.
 * @param monitor - of the guest
 * @param order - see MirrorOrder
 * @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL
 * @source QEMU, qapi/block-core.json, "blockdev-add", "blockdev-mirror"
 */
export async function startMirror(monitor: GuestMonitor, order: MirrorOrder): Promise<void> {
  const { id, node, socketPath, exportName } = order;
  await monitor.execute('blockdev-add', {
    driver: 'nbd',
    'node-name': id,
    server: { type: 'unix', path: socketPath },
    export: exportName,
    'reconnect-delay': 0,
    discard: 'unmap',
  });
  try {
    await monitor.execute('blockdev-mirror', {
      'job-id': id,
      device: node,
      target: id,
      sync: 'none',
      'copy-mode': 'write-blocking',
      'on-source-error': 'report',
      'on-target-error': 'report',
    });
  } catch (error) {
    await removeNode(monitor, id);
    throw error;
  }
}

/**
 * Asks which jobs still copy every write.
 * @param monitor - of the guest
 * @returns their names, those of others among them
 * @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL
 */
export async function runningMirrors(monitor: GuestMonitor): Promise<ReadonlySet<string>> {
  const jobs = asObjects(await monitor.execute('query-block-jobs'));
  const running = jobs.filter((job) => !endingStates.has(asText(job['status'])));
  return new Set(running.map((job) => asText(job['device'])));
}

const endingStates = new Set(['waiting', 'pending', 'aborting', 'concluded', 'null']);

/**
 * Ends a job and takes our export out of QEMU; the guest goes on. Does nothing where there is nothing.
 * @param monitor - of the guest
 * @param id - as it was ordered
 * @throws GUEST_UNREACHABLE, PROTOCOL; GUEST_REFUSED when QEMU keeps the node
 */
export async function stopMirror(monitor: GuestMonitor, id: string): Promise<void> {
  await orRefused(monitor.execute('block-job-cancel', { device: id, force: true }));
  for (let look = 0; look < goneLooksMax; look++) {
    const jobs = asObjects(await monitor.execute('query-block-jobs'));
    if (!jobs.some((job) => job['device'] === id)) break;
    await wait(goneLookMs);
  }
  await removeNode(monitor, id);
}

/**
 * Ends what earlier mirrors left in QEMU.
 * @param monitor - of the guest
 * @param prefix - how the names of our jobs and nodes begin
 * @param kept - names of those that go on
 * @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL
 */
export async function stopOldMirrors(
  monitor: GuestMonitor,
  prefix: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  const nodes = asObjects(await monitor.execute('query-named-block-nodes', { flat: true }));
  for (const node of nodes) {
    const name = asText(node['node-name']);
    if (name.startsWith(prefix) && !kept.has(name)) await stopMirror(monitor, name);
  }
}

async function removeNode(monitor: GuestMonitor, id: string): Promise<void> {
  await orRefused(monitor.execute('blockdev-del', { 'node-name': id }));
}

/** What is gone already cannot be ended, which is what was wanted. */
async function orRefused(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isSecondwindError(error, 'GUEST_REFUSED')) throw error;
  }
}

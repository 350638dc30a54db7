import type { Clock } from '../base/clock.ts';
import type { GuestAddress, GuestMonitor, MonitorListener } from './guest-monitor.ts';
import { connectQmp } from './qmp-monitor.ts';
import { virshMonitor } from './virsh-monitor.ts';

/** What connecting to guests needs from the world. */
export interface GuestConnectorOptions {
  /** Measures waits. */
  readonly clock: Clock;
  /** Path or name of virsh. */
  readonly virsh: string;
}

/** Connects to guests. */
export type GuestConnector = (
  address: GuestAddress,
  listener: MonitorListener,
) => Promise<GuestMonitor>;

/**
 * Makes the connector of this process.
 * @param options - see GuestConnectorOptions
 * @returns connects to a guest; throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL
 */
export function guestConnector({ clock, virsh }: GuestConnectorOptions): GuestConnector {
  return async (address, listener) => {
    if (address.kind === 'qmp') return connectQmp({ path: address.path, clock, listener });
    const monitor = virshMonitor(address, virsh);
    await monitor.execute('query-status');
    return monitor;
  };
}

import type { GuestEvent } from './qmp-message.ts';

/** How to reach the monitor of a guest. */
export type GuestAddress =
  | {
      readonly kind: 'qmp';
      /** Absolute path of the monitor's Unix socket. */
      readonly path: string;
    }
  | {
      readonly kind: 'libvirt';
      /** Name of the domain. */
      readonly domain: string;
      /** Connection as virsh takes it, "qemu:///system". */
      readonly uri: string;
    };

/** A connection to the monitor of one running guest. */
export interface GuestMonitor {
  /** Whether events come by themselves; without, whoever wants to know has to ask. */
  readonly hasEvents: boolean;
  /**
   * Has QEMU do something.
   * @param command - name of the command
   * @param words - its arguments
   * @returns what QEMU answered; nothing in it is checked
   * @throws GUEST_REFUSED when QEMU says no; GUEST_UNREACHABLE, PROTOCOL when there is no answer
   */
  execute(command: string, words?: object): Promise<unknown>;
  /** Ends the connection; the guest does not notice. */
  close(): void;
}

/** Hears what a guest tells. */
export interface MonitorListener {
  /**
   * Something has happened.
   * @param event - what
   */
  event(event: GuestEvent): void;
  /** The connection has ended, by whomever. Called once, after all events. */
  closed(): void;
}

/**
 * Words for people that name a guest.
 * @param address - how it is reached
 */
export function describeGuest(address: GuestAddress): string {
  return address.kind === 'qmp' ? address.path : `${address.domain} at ${address.uri}`;
}

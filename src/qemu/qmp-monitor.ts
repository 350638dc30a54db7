import { CommandSocket, type CommandSocketOptions } from './command-socket.ts';
import type { GuestMonitor } from './guest-monitor.ts';

/**
 * Connects to the monitor socket of a guest and agrees on the protocol. QEMU serves one client at a time.
 * @param options - see CommandSocketOptions
 * @throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL
 * @source QEMU, docs/interop/qmp-spec.txt, section 4 "Capabilities Negotiation"
 */
export async function connectQmp(options: CommandSocketOptions): Promise<GuestMonitor> {
  const socket = await CommandSocket.open(options);
  try {
    await socket.greeted();
    await socket.execute('qmp_capabilities');
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    hasEvents: true,
    execute: (command, words) => socket.execute(command, words),
    close: () => socket.close(),
  };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { guestLineBytesMax, quiesceMsMax } from '../base/limits.ts';
import { integerBelow, type Random } from '../base/random.ts';
import { CommandSocket, refused, unreachable } from './command-socket.ts';
import { decodeQmpMessage } from './qmp-message.ts';

/** How to reach the agent inside a guest. */
export type AgentAddress =
  | {
      readonly kind: 'socket';
      /** Absolute path of the Unix socket of its serial port. */
      readonly path: string;
    }
  | {
      readonly kind: 'libvirt';
      /** Name of the domain. */
      readonly domain: string;
      /** Connection as virsh takes it. */
      readonly uri: string;
    };

/** The QEMU guest agent inside a guest. */
export interface GuestAgent {
  /** Flushes the guest's file systems and holds all writes to them. @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL */
  freeze(): Promise<void>;
  /** Lets writes go on. @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL */
  thaw(): Promise<void>;
  /** Ends the connection. */
  close(): void;
}

/** What connecting to agents needs from the world. */
export interface AgentConnectorOptions {
  /** Measures waits. */
  readonly clock: Clock;
  /** Tells our questions from those of others. */
  readonly random: Random;
  /** Path or name of virsh. */
  readonly virsh: string;
}

/** Connects to agents. */
export type AgentConnector = (address: AgentAddress) => Promise<GuestAgent>;

const run = promisify(execFile);

/**
 * Makes the connector of this process.
 * @param options - see AgentConnectorOptions
 * @returns connects to an agent; throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL
 */
export function agentConnector(options: AgentConnectorOptions): AgentConnector {
  return async (address) =>
    address.kind === 'socket' ? connectAgent(address.path, options) : virshAgent(address, options);
}

/**
 * A serial port has no beginning: the agent may still be busy with another's question, and its answers may still arrive.
 * So our questions are numbered from a number by chance, and the first one only asks whether anybody is there.
 * @source QEMU, qga/qapi-schema.json, "guest-sync", "guest-fsfreeze-freeze"
 */
async function connectAgent(
  path: string,
  { clock, random }: AgentConnectorOptions,
): Promise<GuestAgent> {
  const listener = { event: () => undefined, closed: () => undefined };
  const idBefore = integerBelow(random, 2 ** 31);
  const options = { path, clock, listener, idBefore, answerMsMax: quiesceMsMax };
  const socket = await CommandSocket.open(options);
  try {
    await socket.execute('guest-sync', { id: idBefore });
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    freeze: async () => {
      await socket.execute('guest-fsfreeze-freeze');
    },
    thaw: async () => {
      await socket.execute('guest-fsfreeze-thaw');
    },
    close: () => socket.close(),
  };
}

function virshAgent(
  { domain, uri }: Extract<AgentAddress, { readonly kind: 'libvirt' }>,
  { virsh }: AgentConnectorOptions,
): GuestAgent {
  const guest = `${domain} at ${uri}`;
  const execute = async (command: string): Promise<void> => {
    const words = ['-c', uri, 'qemu-agent-command', domain, JSON.stringify({ execute: command })];
    const options = { timeout: quiesceMsMax, maxBuffer: guestLineBytesMax };
    const output = await run(virsh, words, options).catch((error: unknown) => {
      const { stderr = '' } = error as { readonly stderr?: string };
      throw unreachable(guest, stderr.trim().split('\n')[0] ?? 'virsh failed', error);
    });
    const reply = decodeQmpMessage(output.stdout.trim(), guest);
    if (reply.kind === 'refusal') throw refused(guest, command, reply.reason);
  };
  return {
    freeze: () => execute('guest-fsfreeze-freeze'),
    thaw: () => execute('guest-fsfreeze-thaw'),
    close: () => undefined,
  };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { guestAnswerMsMax, guestLineBytesMax } from '../base/limits.ts';
import { refused, unreachable } from './command-socket.ts';
import { describeGuest, type GuestAddress, type GuestMonitor } from './guest-monitor.ts';
import { decodeQmpMessage } from './qmp-message.ts';

const run = promisify(execFile);

/**
 * Speaks to the monitor of a libvirt domain through `virsh qemu-monitor-command`: one process for each command. Events do
 * not come this way.
 * @param address - the domain
 * @param program - path or name of virsh
 */
export function virshMonitor(
  address: Extract<GuestAddress, { readonly kind: 'libvirt' }>,
  program: string,
): GuestMonitor {
  const guest = describeGuest(address);
  const { uri, domain } = address;
  return {
    hasEvents: false,
    execute: async (command, words) => {
      const message = { execute: command, ...(words === undefined ? {} : { arguments: words }) };
      const text = JSON.stringify(message);
      const output = await virsh(program, guest, ['-c', uri, 'qemu-monitor-command', domain, text]);
      const reply = decodeQmpMessage(output, guest);
      if (reply.kind === 'answer') return reply.answer;
      throw refused(guest, command, reply.kind === 'refusal' ? reply.reason : 'no answer');
    },
    close: () => undefined,
  };
}

/** A domain that is not running and a libvirt that does not answer are the same to us: nobody can be asked. */
async function virsh(program: string, guest: string, words: readonly string[]): Promise<string> {
  try {
    const options = { timeout: guestAnswerMsMax, maxBuffer: guestLineBytesMax };
    return (await run(program, words, options)).stdout.trim();
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    const said = (stderr ?? '').trim().split('\n')[0] ?? '';
    throw unreachable(guest, said === '' ? message : said.replace(/^error: /, ''), error);
  }
}

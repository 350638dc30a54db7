import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { parseEndpoint } from '../base/endpoint.ts';
import { SecondwindError } from '../base/errors.ts';
import { exchangeProtocol, serverCommonName } from '../format/enrolment.ts';
import type { AgentIdentity } from './agent-state.ts';

/** Time for a connection to be made, milliseconds. */
const connectMsMax = 15_000;

/**
 * Connects to the server of a machine: it must have a certificate for servers of the authority that was pinned at enrolment.
 * @param identity - whose, and whom it trusts
 * @param signal - ends the attempt
 * @throws SERVER_UNREACHABLE
 */
export async function connectServer(
  { server, key, certificate, authority }: AgentIdentity,
  signal: AbortSignal,
): Promise<{ stream: Duplex; peer: string }> {
  const endpoint = parseEndpoint(server);
  if (endpoint.kind !== 'tcp') {
    throw new SecondwindError('USAGE', { reason: 'A server is named as HOST:PORT' });
  }
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    key,
    cert: certificate,
    ca: [authority],
    minVersion: 'TLSv1.3',
    ALPNProtocols: [exchangeProtocol],
    // Whatever address it is reached at, only servers of this authority have this name.
    checkServerIdentity: (_host, { subject }) =>
      subject.CN === serverCommonName ? undefined : new TypeError('it is no Secondwind server'),
  });
  socket.setNoDelay(true);
  socket.setTimeout(connectMsMax, () => socket.destroy(new TypeError('it does not answer')));
  try {
    await once(socket, 'secureConnect', { signal });
    socket.setTimeout(0);
    return { stream: socket, peer: server };
  } catch (error) {
    socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new SecondwindError('SERVER_UNREACHABLE', { address: server, reason }, error);
  }
}

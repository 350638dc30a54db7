import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { parseEndpoint } from '../base/endpoint.ts';
import { SecondwindError } from '../base/errors.ts';
import { checkName } from '../base/names.ts';
import {
  authorityOfKey,
  type EnrolmentCode,
  enrolmentExporterLabel,
  enrolmentProof,
  enrolmentProtocol,
  serverCommonName,
} from '../format/enrolment.ts';
import type { AgentIdentity } from './agent-state.ts';

const answerBytesMax = 16 * 1024;
const connectMsMax = 15_000;

/**
 * Makes a key for this machine, and has it certified by the server that a code names. Nothing is said to a server that is
 * not the one of the code; and the code itself never leaves this machine.
 * @param server - "HOST:PORT"
 * @param code - see EnrolmentCode
 * @throws SERVER_UNREACHABLE, NOT_ADMITTED, USAGE
 */
export async function enrolMachine(server: string, code: EnrolmentCode): Promise<AgentIdentity> {
  const socket = await connectTo(server);
  try {
    const authority = authorityOf(socket);
    const isNamed = authorityOfKey(authority.publicKey.export({ type: 'spki', format: 'der' }));
    if (!isNamed.equals(code.authority)) {
      throw refused(server, 'it is not the server that gave out the code');
    }
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
    const exported = socket.exportKeyingMaterial(32, enrolmentExporterLabel, Buffer.alloc(0));
    const proof = enrolmentProof(code.secret, publicKey, exported).toString('base64');
    socket.write(`${JSON.stringify({ format: 1, key: publicKey.toString('base64'), proof })}\n`);
    const answer = parseAnswer(await readAnswer(socket));
    if (answer === undefined) throw refused(server, 'the code is wrong, was used, or is too old');
    if (!new X509Certificate(answer.certificate).verify(authority.publicKey)) {
      throw refused(server, 'it gave out a certificate that its authority did not sign');
    }
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const machine = checkName('machine', answer.machine);
    const pinned = authority.toString();
    return { machine, server, key, certificate: answer.certificate, authority: pinned };
  } finally {
    socket.destroy();
  }
}

async function connectTo(server: string): Promise<TLSSocket> {
  const endpoint = parseEndpoint(server);
  if (endpoint.kind !== 'tcp') {
    throw new SecondwindError('USAGE', { reason: 'A server is named as HOST:PORT' });
  }
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [enrolmentProtocol],
    // There is nobody to trust yet: the code tells whether this is the right server.
    rejectUnauthorized: false,
  });
  socket.setTimeout(connectMsMax, () => socket.destroy(new TypeError('it does not answer')));
  try {
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    socket.destroy();
    throw unreachable(server, error);
  }
}

/**
 * The certificate that signed the server's own, which must be one for servers.
 * @throws NOT_ADMITTED
 */
function authorityOf(socket: TLSSocket): X509Certificate {
  const peer = socket.getPeerCertificate(true);
  const authority = new X509Certificate(peer.issuerCertificate.raw);
  const own = new X509Certificate(peer.raw);
  const isServer = peer.subject.CN === serverCommonName && own.verify(authority.publicKey);
  if (isServer && authority.ca) return authority;
  throw refused('The server', 'it has no certificate of a Secondwind server');
}

async function readAnswer(socket: TLSSocket): Promise<string> {
  let text = '';
  try {
    for await (const piece of socket.setEncoding('utf8') as AsyncIterable<string>) {
      text += piece;
      if (text.includes('\n') || text.length > answerBytesMax) break;
    }
  } catch (error) {
    throw unreachable('the server', error);
  }
  return text;
}

function parseAnswer(text: string): { machine: string; certificate: string } | undefined {
  try {
    const { machine, certificate } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof machine !== 'string' || typeof certificate !== 'string') return undefined;
    return { machine, certificate };
  } catch {
    return undefined;
  }
}

function refused(peer: string, reason: string): SecondwindError {
  return new SecondwindError('NOT_ADMITTED', { peer, reason });
}

function unreachable(address: string, error: unknown): SecondwindError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SecondwindError('SERVER_UNREACHABLE', { address, reason }, error);
}

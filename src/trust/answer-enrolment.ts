import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { withTimeLimit } from '../base/time-limit.ts';
import { enrolmentExporterLabel } from '../format/enrolment.ts';
import { type CertifiedKey, certifyMachine } from './certificate-authority.ts';
import type { EnrolmentCodes } from './enrolment-codes.ts';

/** What answering an enrolment needs. */
export interface EnrolmentOptions {
  /** Certifies. */
  readonly authority: CertifiedKey;
  /** Know who may be certified. */
  readonly codes: EnrolmentCodes;
  /** Remembers whom the certificate belongs to. @throws IO_FAILED, NO_SPACE */
  readonly admit: (machine: string, fingerprint: string) => void;
  /** Limits how long a question may take. */
  readonly clock: Clock;
}

/** Longest question, bytes: a key and a proof. */
const questionBytesMax = 2_048;
const questionMsMax = 10_000;

/**
 * Answers one enrolment: a line of JSON each way. Whatever is wrong, the answer is the same.
 * @param socket - over TLS; ended with the answer
 * @param options - see EnrolmentOptions
 * @returns the machine that was enrolled; undefined: none was
 */
export async function answerEnrolment(
  socket: TLSSocket,
  options: EnrolmentOptions,
): Promise<string | undefined> {
  const { clock } = options;
  const late = (): Error => socket.destroy().errored ?? new TypeError('the question is late');
  const line = await withTimeLimit(readLine(socket), {
    clock,
    limitMs: questionMsMax,
    error: late,
  });
  const question = parseQuestion(line);
  const exported = socket.exportKeyingMaterial(32, enrolmentExporterLabel, Buffer.alloc(0));
  const machine = question && options.codes.redeem(question.key, exported, question.proof);
  if (question === undefined || machine === undefined) {
    socket.end(`${JSON.stringify({ format: 1, refused: true })}\n`);
    return undefined;
  }
  const certificate = await certifyMachine(options.authority, question.key, machine);
  options.admit(machine, new X509Certificate(certificate).fingerprint256);
  const { certificate: authority } = options.authority;
  socket.end(`${JSON.stringify({ format: 1, machine, certificate, authority })}\n`);
  return machine;
}

async function readLine(socket: TLSSocket): Promise<string> {
  let text = '';
  // The answer goes out on the same socket.
  const pieces = socket.setEncoding('latin1').iterator({ destroyOnReturn: false });
  for await (const piece of pieces as AsyncIterable<string>) {
    text += piece;
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > questionBytesMax) break;
  }
  return '';
}

interface Question {
  readonly key: Uint8Array;
  readonly proof: Uint8Array;
}

function parseQuestion(line: string): Question | undefined {
  try {
    const { key, proof } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof key !== 'string' || typeof proof !== 'string') return undefined;
    const question = { key: Buffer.from(key, 'base64'), proof: Buffer.from(proof, 'base64') };
    return question.proof.length === 32 ? question : undefined;
  } catch {
    return undefined;
  }
}

import { strict as assert } from 'node:assert';
import { createHash, createHmac } from 'node:crypto';
import { SecondwindError } from '../base/errors.ts';

/**
 * What a machine and a server need to trust each other (docs/formats/exchange.md): a code that is carried by hand. It names the server's
 * authority, so that the machine knows whom it talks to before it says anything, and a secret that proves the machine.
 */
export interface EnrolmentCode {
  /** First 16 bytes of the SHA-256 of the authority's public key (SPKI, DER). */
  readonly authority: Uint8Array;
  /** 10 random bytes. */
  readonly secret: Uint8Array;
}

/** Bytes by which a code names an authority. */
export const codeAuthorityBytes = 16;

/** Bytes of a code's secret: 80 bits cannot be guessed in an hour, over a network, in five attempts a minute. */
export const codeSecretBytes = 10;

/** Protocol names by which a connection says what it wants (ALPN). */
export const enrolmentProtocol = 'secondwind-enrol/1';
/** As above, for commits. */
export const exchangeProtocol = 'secondwind-exchange/1';

/** Common name of every server: the authority gives it to nobody else. */
export const serverCommonName = 'secondwind-server';

/** What of a TLS connection goes into the proof of an enrolment. */
export const enrolmentExporterLabel = 'EXPERIMENTAL-secondwind-enrolment';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeCharacters = 42;
const groupCharacters = 6;

/**
 * Writes a code for people: seven groups of six letters and digits.
 * @param code - its parts
 */
export function formatEnrolmentCode({ authority, secret }: EnrolmentCode): string {
  assert(authority.length === codeAuthorityBytes && secret.length === codeSecretBytes);
  let bits = 0n;
  for (const byte of [...authority, ...secret]) bits = (bits << 8n) | BigInt(byte);
  // 26 bytes are two bits short of 42 characters.
  bits <<= 2n;
  const letters = Array.from({ length: codeCharacters }, (_, index) => {
    const shift = BigInt(5 * (codeCharacters - 1 - index));
    return alphabet[Number((bits >> shift) & 31n)]!;
  }).join('');
  return letters.match(new RegExp(`.{${groupCharacters}}`, 'g'))!.join('-');
}

/**
 * Reads a code; case, spaces and dashes do not matter.
 * @param text - as it was typed
 * @throws USAGE
 */
export function parseEnrolmentCode(text: string): EnrolmentCode {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  let bits = 0n;
  for (const letter of letters.slice(0, codeCharacters + 1)) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) throw fault('holds a letter that no code has');
    bits = (bits << 5n) | BigInt(digit);
  }
  if (letters.length !== codeCharacters || (bits & 3n) !== 0n) {
    throw fault('is not whole: it has seven groups of six letters and digits');
  }
  bits >>= 2n;
  const bytes = Uint8Array.from({ length: codeAuthorityBytes + codeSecretBytes }, (_, index) => {
    const shift = BigInt(8 * (codeAuthorityBytes + codeSecretBytes - 1 - index));
    return Number((bits >> shift) & 255n);
  });
  return {
    authority: bytes.subarray(0, codeAuthorityBytes),
    secret: bytes.subarray(codeAuthorityBytes),
  };
}

/**
 * Names an authority, as a code does.
 * @param publicKey - SPKI, DER
 */
export function authorityOfKey(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, codeAuthorityBytes);
}

/**
 * Proves that who asks knows the code, on this connection and for this key only.
 * @param secret - of the code
 * @param publicKey - the machine's, SPKI, DER
 * @param exported - 32 bytes of keying material of the connection
 * @returns 32 bytes
 */
export function enrolmentProof(
  secret: Uint8Array,
  publicKey: Uint8Array,
  exported: Uint8Array,
): Buffer {
  const hmac = createHmac('sha256', secret).update('secondwind enrolment');
  return hmac.update(exported).update(publicKey).digest();
}

/** The secret must not be repeated in the error. */
function fault(reason: string): SecondwindError {
  return new SecondwindError('USAGE', { reason: `The enrolment code ${reason}` });
}

// The library looks for this when it is loaded.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { serverCommonName } from '../format/enrolment.ts';

/** A key and its certificate, as TLS wants them. */
export interface CertifiedKey {
  /** PKCS #8, PEM. A secret. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
/**
 * Trust comes from pins and the list of machines, and ends by revocation, not by a date: a certificate that runs out stops the
 * protection of a machine that nobody touched, and so does a clock that is wrong after a flat battery.
 */
const validity = {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('9999-12-31T23:59:59Z'),
};
const serverUse = '1.3.6.1.5.5.7.3.1';
const clientUse = '1.3.6.1.5.5.7.3.2';

/**
 * Makes an authority: a key and a certificate that it signed itself.
 * @source RFC 5280
 */
export async function createAuthority(): Promise<CertifiedKey> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=secondwind-authority',
    keys,
    signingAlgorithm,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await privatePem(keys.privateKey), certificate: pemOf(certificate) };
}

/**
 * Makes a key for a server, and certifies it.
 * @param authority - signs
 */
export async function certifyServer(authority: CertifiedKey): Promise<CertifiedKey> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const subject = { commonName: serverCommonName, use: serverUse };
  const certificate = await certify(authority, keys.publicKey, subject);
  return { key: await privatePem(keys.privateKey), certificate };
}

/**
 * Certifies the key of a machine.
 * @param authority - signs
 * @param publicKey - SPKI, DER; P-256
 * @param machine - its name
 * @returns PEM
 * @throws what the key's decoder throws when it is none
 */
export async function certifyMachine(
  authority: CertifiedKey,
  publicKey: Uint8Array,
  machine: string,
): Promise<string> {
  const copy = Uint8Array.from(publicKey);
  const key = await webcrypto.subtle.importKey('spki', copy, keyAlgorithm, true, ['verify']);
  return certify(authority, key, { commonName: machine, use: clientUse });
}

async function certify(
  authority: CertifiedKey,
  publicKey: webcrypto.CryptoKey,
  { commonName, use }: { readonly commonName: string; readonly use: string },
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const [pem] = x509.PemConverter.decode(authority.key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pem!, keyAlgorithm, false, ['sign']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [commonName] }],
    issuer: issuer.subject,
    publicKey,
    signingKey,
    signingAlgorithm,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([use], true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pemOf(certificate);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(bytes, 'PRIVATE KEY');
}

/** With its last line ended, so that several can stand one after the other. */
function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/**
 * The bytes that a passphrase stands for: the same letters give the same bytes, however a keyboard composes them.
 * @param passphrase - as it was typed
 */
export function passphraseBytes(passphrase: string): Uint8Array {
  return Buffer.from(passphrase.normalize('NFC'));
}

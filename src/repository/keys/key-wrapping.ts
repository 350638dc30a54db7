import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  type ScryptOptions,
  scrypt,
} from 'node:crypto';
import type { KeySlot } from '../../format/key-slot.ts';

/** What opens a slot. */
export interface KeySecret {
  readonly kind: KeySlot['kind'];
  /** UTF-8 of a passphrase, or 32 random bytes of a key file or recovery key. */
  readonly secret: Uint8Array;
}

/** 128 MiB and about half a second: dear for a guesser, bearable once at a start. */
const passphraseCost = { N: 2 ** 17, r: 8, p: 1 };
/** Random secrets cannot be guessed, so they need no slow derivation. */
const randomCost = { N: 1, r: 1, p: 1 };

/**
 * Wraps a master key.
 * @param masterKey - 32 bytes
 * @param secret - what will open the slot
 * @param labels - repository id (bound to the slot), label and creation time
 */
export async function wrapKey(
  masterKey: Uint8Array,
  secret: KeySecret,
  labels: { repositoryId: string; label: string; created: string },
): Promise<KeySlot> {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const cost = secret.kind === 'passphrase' ? passphraseCost : randomCost;
  const head = { id: randomBytes(8).toString('hex'), kind: secret.kind, scrypt: cost };
  const cipher = createCipheriv('aes-256-gcm', await stretch(secret.secret, salt, cost), nonce);
  cipher.setAAD(boundText(labels.repositoryId, head));
  const wrapped = Buffer.concat([cipher.update(masterKey), cipher.final(), cipher.getAuthTag()]);
  return {
    format: 1,
    ...head,
    label: labels.label,
    created: labels.created,
    salt: salt.toString('base64'),
    nonce: nonce.toString('base64'),
    wrapped: wrapped.toString('base64'),
  };
}

/**
 * Opens a slot.
 * @param slot - a decoded slot
 * @param secret - what should open it
 * @param repositoryId - repository that the slot must belong to
 * @returns the master key, 32 bytes, or undefined when the secret does not fit
 */
export async function unwrapKey(
  slot: KeySlot,
  secret: KeySecret,
  repositoryId: string,
): Promise<Uint8Array | undefined> {
  const key = await stretch(secret.secret, Buffer.from(slot.salt, 'base64'), slot.scrypt);
  const wrapped = Buffer.from(slot.wrapped, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(slot.nonce, 'base64'));
  decipher.setAAD(boundText(repositoryId, slot));
  decipher.setAuthTag(wrapped.subarray(32));
  const masterKey = decipher.update(wrapped.subarray(0, 32));
  try {
    decipher.final();
    return masterKey;
  } catch {
    // Authentication fails exactly when the secret is another one (or the slot was altered).
    return undefined;
  }
}

/** The slot's own meaning is authenticated with it, so that nobody can weaken its cost or move it to another repository. */
function boundText(repositoryId: string, slot: Pick<KeySlot, 'id' | 'kind' | 'scrypt'>): Buffer {
  const { N, r, p } = slot.scrypt;
  return Buffer.from(`secondwind key slot ${repositoryId} ${slot.id} ${slot.kind} ${N} ${r} ${p}`);
}

function stretch(secret: Uint8Array, salt: Uint8Array, cost: KeySlot['scrypt']): Promise<Buffer> {
  if (cost.N === 1) {
    return Promise.resolve(Buffer.from(hkdfSync('sha256', secret, salt, 'secondwind slot', 32)));
  }
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

import type { IsoMoment } from './moments.ts';

/** What can open the repository. */
export type KeyKind = 'passphrase' | 'key-file' | 'recovery';

/** A key slot. */
export interface KeyReport {
  /** Name to remove it by. */
  readonly id: string;
  /** What opens it. */
  readonly kind: KeyKind;
  /** Words that say whose it is. */
  readonly label: string;
  /** When it was made. */
  readonly created: IsoMoment;
}

/** An order to add a key. */
export type KeyOrder =
  | { readonly kind: 'passphrase'; readonly passphrase: string; readonly label: string }
  /** `keyBase64` holds 32 random bytes. */
  | { readonly kind: 'key-file'; readonly keyBase64: string; readonly label: string }
  /** The server makes the key. */
  | { readonly kind: 'recovery'; readonly label: string };

/** A key that was added. */
export interface AddedKeyReport extends KeyReport {
  /** The recovery key as it is written on paper; told this once, and only for a recovery key. */
  readonly recoveryKey?: string;
}

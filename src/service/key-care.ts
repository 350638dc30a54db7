import { SecondwindError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { KeySecretInput, KeySummary, Repository } from '../repository/index.ts';
import type { AddedKeyReport, KeyOrder, KeyReport } from './key-report.ts';
import { passphraseBytes } from './passphrase.ts';
import { formatRecoveryKey } from './recovery-key.ts';
import type { KeyCases } from './use-cases.ts';

const keyBytes = 32;

/** The keys that open the repository: see KeyCases. */
export class KeyCare implements KeyCases {
  readonly #repository: Repository;
  readonly #random: Random;

  /**
   * @param repository - holds the slots
   * @param random - makes recovery keys
   */
  constructor(repository: Repository, random: Random) {
    this.#repository = repository;
    this.#random = random;
  }

  /** @inheritdoc */
  async list(): Promise<readonly KeyReport[]> {
    return (await this.#repository.keys()).map(keyReport);
  }

  /** @inheritdoc */
  async add(order: KeyOrder): Promise<AddedKeyReport> {
    const secret = this.#secretOf(order);
    const slot = await this.#repository.addKey(secret, order.label);
    const told = order.kind === 'recovery' ? { recoveryKey: formatRecoveryKey(secret.secret) } : {};
    return { ...keyReport(slot), ...told };
  }

  /** @inheritdoc */
  async remove(id: string): Promise<KeyReport> {
    const slot = (await this.#repository.keys()).find((known) => known.id === id);
    if (slot === undefined) throw new SecondwindError('NOT_FOUND', { what: 'key slot', name: id });
    await this.#repository.removeKey(id);
    return keyReport(slot);
  }

  #secretOf(order: KeyOrder): KeySecretInput {
    switch (order.kind) {
      case 'passphrase':
        return { kind: order.kind, secret: passphraseBytes(order.passphrase) };
      case 'key-file':
        return { kind: order.kind, secret: Buffer.from(order.keyBase64, 'base64') };
      case 'recovery': {
        const secret = new Uint8Array(keyBytes);
        this.#random.fill(secret);
        return { kind: order.kind, secret };
      }
    }
  }
}

function keyReport({ id, kind, label, created }: KeySummary): KeyReport {
  return { id, kind, label, created };
}

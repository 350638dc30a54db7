import { strict as assert } from 'node:assert';
import { SecondwindError } from '../../base/errors.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { decodeKeySlot, encodeKeySlot, type KeySlot } from '../../format/key-slot.ts';
import { readObject } from '../../storage/read-object.ts';
import type { Storage } from '../../storage/storage.ts';
import { type KeySecret, unwrapKey, wrapKey } from './key-wrapping.ts';

const prefix = 'keys/';
const slotBytesMax = 4096;
const slotsMax = 100;

/** The key slots of one repository. */
export class KeySlots {
  readonly #storage: Storage;
  readonly #repositoryId: string;

  /**
   * @param storage - where the slots lie
   * @param repositoryId - 32 hexadecimal digits; every slot is bound to it
   */
  constructor(storage: Storage, repositoryId: string) {
    this.#storage = storage;
    this.#repositoryId = repositoryId;
  }

  /** All slots, oldest first. @throws DAMAGED, NEWER_FORMAT, IO_FAILED */
  async list(): Promise<KeySlot[]> {
    const objects = await this.#storage.list(prefix);
    const slots: KeySlot[] = [];
    for (const { name } of objects.slice(0, slotsMax)) slots.push(await this.#read(name));
    return slots.sort((left, right) => left.created.localeCompare(right.created));
  }

  /**
   * Adds a slot.
   * @param masterKey - 32 bytes
   * @param secret - what will open it
   * @param label - words for people
   * @param created - ISO 8601
   */
  async add(
    masterKey: Uint8Array,
    secret: KeySecret,
    label: string,
    created: string,
  ): Promise<KeySlot> {
    const labels = { repositoryId: this.#repositoryId, label, created };
    const slot = await wrapKey(masterKey, secret, labels);
    const opened = await unwrapKey(slot, secret, this.#repositoryId);
    assert(opened !== undefined && Buffer.compare(opened, masterKey) === 0);
    await this.#storage.put(`${prefix}${slot.id}.json`, encodeKeySlot(slot));
    return slot;
  }

  /**
   * Removes a slot.
   * @param id - slot
   * @throws NOT_FOUND; LAST_KEY
   */
  async remove(id: string): Promise<void> {
    const slots = await this.list();
    if (!slots.some((slot) => slot.id === id)) {
      throw new SecondwindError('NOT_FOUND', { what: 'key slot', name: id });
    }
    if (slots.length === 1) throw new SecondwindError('LAST_KEY', { name: id });
    await this.#storage.delete(`${prefix}${id}.json`);
  }

  /**
   * Finds the master key.
   * @param secret - tried on every slot of its kind
   * @returns 32 bytes
   * @throws WRONG_KEY
   */
  async open(secret: KeySecret): Promise<Uint8Array> {
    for (const slot of await this.list()) {
      if (slot.kind !== secret.kind) continue;
      const masterKey = await unwrapKey(slot, secret, this.#repositoryId);
      if (masterKey !== undefined) return masterKey;
    }
    throw new SecondwindError('WRONG_KEY', {});
  }

  async #read(name: string): Promise<KeySlot> {
    try {
      return decodeKeySlot(await readObject(this.#storage, name, slotBytesMax));
    } catch (error) {
      if (!(error instanceof FormatFault)) throw error;
      const data = { file: name, offset: error.offsetBytes, reason: error.message };
      throw new SecondwindError('DAMAGED', data, error);
    }
  }
}

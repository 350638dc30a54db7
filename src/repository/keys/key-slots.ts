import { strict as assert } from 'node:assert';
import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { checkedJsonBytesMax } from '../../format/checked-json.ts';
import { FormatFault } from '../../format/format-fault.ts';
import {
  decodeKeySlot,
  encodeKeySlot,
  type KeySlot,
  keyLabelCharactersMax,
} from '../../format/key-slot.ts';
import { readObject } from '../../storage/read-object.ts';
import type { Storage } from '../../storage/storage.ts';
import { type KeySecret, unwrapKey, wrapKey } from './key-wrapping.ts';

const prefix = 'keys/';
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

  /**
   * All slots that can be read, oldest first. A damaged one is as good as removed: it must not lock out the others.
   * @throws DAMAGED when there are slots and none of them can be read; IO_FAILED
   */
  async list(): Promise<KeySlot[]> {
    const { slots, fault } = await this.#readAll();
    if (slots.length === 0 && fault !== undefined) throw fault;
    return slots;
  }

  async #readAll(): Promise<{ slots: KeySlot[]; fault: SecondwindError | undefined }> {
    const objects = await this.#storage.list(prefix);
    const slots: KeySlot[] = [];
    let fault: SecondwindError | undefined;
    for (const { name } of objects.slice(0, slotsMax)) {
      try {
        slots.push(await this.#read(name));
      } catch (error) {
        if (!isSecondwindError(error, 'DAMAGED')) throw error;
        fault ??= error;
      }
    }
    slots.sort((left, right) => left.created.localeCompare(right.created));
    return { slots, fault };
  }

  /**
   * Adds a slot.
   * @param masterKey - 32 bytes
   * @param secret - what will open it
   * @param label - words for people
   * @param created - ISO 8601
   * @throws LIMIT_EXCEEDED, IO_FAILED, NO_SPACE
   */
  async add(
    masterKey: Uint8Array,
    secret: KeySecret,
    label: string,
    created: string,
  ): Promise<KeySlot> {
    limit('the number of key slots', (await this.#storage.list(prefix)).length + 1, slotsMax);
    limit('the length of the label', label.length, keyLabelCharactersMax);
    const labels = { repositoryId: this.#repositoryId, label, created };
    const slot = await wrapKey(masterKey, secret, labels);
    const opened = await unwrapKey(slot, secret, this.#repositoryId);
    assert(opened !== undefined && Buffer.compare(opened, masterKey) === 0);
    await this.#storage.put(nameOf(slot.id), encodeKeySlot(slot));
    return slot;
  }

  /**
   * Removes whatever slots there are: what a creation that was cut short has left opens nothing.
   * @throws IO_FAILED
   */
  async clear(): Promise<void> {
    for (const { name } of await this.#storage.list(prefix)) await this.#storage.delete(name);
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
    await this.#storage.delete(nameOf(id));
  }

  /**
   * Finds the master key.
   * @param secret - tried on every slot of its kind
   * @returns 32 bytes
   * @throws WRONG_KEY; DAMAGED when no slot fits and one cannot be read; IO_FAILED
   */
  async open(secret: KeySecret): Promise<Uint8Array> {
    const { slots, fault } = await this.#readAll();
    for (const slot of slots) {
      if (slot.kind !== secret.kind) continue;
      const masterKey = await unwrapKey(slot, secret, this.#repositoryId);
      if (masterKey !== undefined) return masterKey;
    }
    // It may be the damaged slot that the secret would have opened.
    throw fault ?? new SecondwindError('WRONG_KEY', {});
  }

  async #read(name: string): Promise<KeySlot> {
    try {
      const slot = decodeKeySlot(await readObject(this.#storage, name, checkedJsonBytesMax));
      if (nameOf(slot.id) !== name) throw new FormatFault('the slot belongs under another name', 0);
      return slot;
    } catch (error) {
      if (error instanceof FormatFault) {
        const data = { file: name, offset: error.offsetBytes, reason: error.message };
        throw new SecondwindError('DAMAGED', data, error);
      }
      if (isSecondwindError(error, 'LIMIT_EXCEEDED') || isSecondwindError(error, 'NOT_FOUND')) {
        throw new SecondwindError(
          'DAMAGED',
          { file: name, offset: 0, reason: error.message },
          error,
        );
      }
      throw error;
    }
  }
}

function nameOf(id: string): string {
  return `${prefix}${id}.json`;
}

function limit(what: string, value: number, max: number): void {
  if (value > max) throw new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: max });
}

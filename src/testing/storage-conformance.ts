import assert from 'node:assert/strict';
import { readSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../base/error-table.ts';
import { isSecondwindError } from '../base/errors.ts';
import type { Awaitable } from '../disk/disk.ts';
import type { Storage, StorageReader } from '../storage/storage.ts';

/** A storage to try, and what tidies up after it. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Removes what the maker set up. */
  readonly dispose?: () => Awaitable<void>;
}

/**
 * Runs every promise of Storage against one implementation.
 * @param name - of the implementation
 * @param make - makes an empty one
 */
export function testStorage(name: string, make: () => Awaitable<StorageUnderTest>): void {
  const tried = (title: string, body: (storage: Storage) => Promise<void>): void => {
    test(title, async () => {
      const { storage, dispose } = await make();
      try {
        await body(storage);
      } finally {
        await dispose?.();
      }
    });
  };
  describe(`${name} as a storage`, () => {
    for (const [title, body] of Object.entries(promises)) tried(title, body);
  });
}

const promises: Readonly<Record<string, (storage: Storage) => Promise<void>>> = {
  'an empty storage lists nothing': async (storage) => {
    assert.deepEqual(await storage.list(''), []);
    assert.deepEqual(await storage.list('segments/'), []);
  },

  'lists the objects of one folder in order of name, with their sizes': async (storage) => {
    for (const name of ['keys/b.json', 'config.json', 'keys/a.json', 'segments/00000001.seg']) {
      await storage.put(name, Buffer.alloc(name.length));
    }
    assert.deepEqual(await storage.list('keys/'), [
      { name: 'keys/a.json', sizeBytes: 11 },
      { name: 'keys/b.json', sizeBytes: 11 },
    ]);
    assert.deepEqual(await storage.list(''), [{ name: 'config.json', sizeBytes: 11 }]);
  },

  'holds what a model holds after pieces in any order': async (storage) => {
    let number = 0;
    const pieces = fc.array(fc.uint8Array({ maxLength: 9000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.infiniteStream(fc.nat()), async (parts, order) => {
        const name = `segments/${number++}.seg`;
        const model = Buffer.concat(parts);
        const placed = parts.map((part, index) => ({ part, at: lengthOf(parts.slice(0, index)) }));
        const writer = await storage.create(name);
        for (const { part, at } of shuffled(placed, order)) await writer.write(part, at);
        await writer.sync();
        await writer.close();
        assert.deepEqual(await contentOf(storage, name), model);
      }),
      { numRuns: 30 },
    );
  },

  'a reader sees an object grow, and reads fewer bytes only at the end': async (storage) => {
    const writer = await storage.create('segments/00000001.seg');
    await writer.write(Buffer.from('abc'), 0);
    const reader = await storage.open('segments/00000001.seg');
    assert.equal(await reader.sizeBytes(), 3);
    await writer.write(Buffer.from('ghi'), 6);
    assert.equal(await reader.sizeBytes(), 9);
    const target = Buffer.alloc(12, 0xff);
    assert.equal(await reader.read(target, 1), 8);
    assert.equal(target.toString('latin1'), 'bc\0\0\0ghi\xff\xff\xff\xff');
    assert.equal(await reader.read(target, 9), 0);
    assert.equal(await reader.read(target, 1000), 0);
    await reader.close();
    await writer.close();
  },

  'an object is made once': async (storage) => {
    await (await storage.create('segments/00000001.seg')).close();
    await rejects(storage.create('segments/00000001.seg'), 'ALREADY_EXISTS');
    assert.deepEqual(await storage.list('segments/'), [
      { name: 'segments/00000001.seg', sizeBytes: 0 },
    ]);
  },

  'putting replaces an object whole': async (storage) => {
    await storage.put('config.json', Buffer.alloc(5000, 1));
    await storage.put('config.json', Buffer.from('short'));
    assert.equal((await contentOf(storage, 'config.json')).toString(), 'short');
    assert.deepEqual(await storage.list(''), [{ name: 'config.json', sizeBytes: 5 }]);
  },

  'what was handed in may be changed afterwards': async (storage) => {
    const bytes = Buffer.from('before');
    await storage.put('config.json', bytes);
    const writer = await storage.create('segments/00000001.seg');
    await writer.write(bytes, 0);
    bytes.fill(0);
    await writer.close();
    assert.equal((await contentOf(storage, 'config.json')).toString(), 'before');
    assert.equal((await contentOf(storage, 'segments/00000001.seg')).toString(), 'before');
  },

  'hardening changes nothing': async (storage) => {
    const content = Buffer.from(Array.from({ length: 3_000_001 }, (_, index) => index * 7));
    const writer = await storage.create('segments/00000001.seg');
    await writer.write(content, 0);
    await writer.close();
    for (const from of [0, 1_048_577, content.length, content.length + 5]) {
      await storage.harden('segments/00000001.seg', from);
      assert.deepEqual(await contentOf(storage, 'segments/00000001.seg'), content);
    }
  },

  'deleting removes an object, and one that is not there is no error': async (storage) => {
    await storage.put('keys/a.json', Buffer.from('a'));
    await storage.delete('keys/a.json');
    await storage.delete('keys/a.json');
    assert.deepEqual(await storage.list('keys/'), []);
    await (await storage.create('keys/a.json')).close();
  },

  'what is not there is not found': async (storage) => {
    await rejects(storage.open('segments/00000009.seg'), 'NOT_FOUND');
    await rejects(storage.harden('segments/00000009.seg', 0), 'NOT_FOUND');
  },
};

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function shuffled<T>(things: readonly T[], order: Iterable<number>): T[] {
  const numbers = order[Symbol.iterator]();
  const keyed = things.map((thing) => ({ thing, key: Number(numbers.next().value) }));
  return keyed.sort((left, right) => left.key - right.key).map(({ thing }) => thing);
}

/** Reads both as an event loop and as a worker thread does. */
async function contentOf(storage: Storage, name: string): Promise<Buffer> {
  const reader = await storage.open(name);
  try {
    const content = Buffer.alloc(await reader.sizeBytes());
    assert.equal(await reader.read(content, 0), content.length);
    assert.deepEqual(readBySource(reader, content.length), content);
    return content;
  } finally {
    await reader.close();
  }
}

function readBySource(reader: StorageReader, lengthBytes: number): Buffer {
  const content = Buffer.alloc(lengthBytes);
  const { source } = reader;
  const got =
    typeof source === 'number' ? readSync(source, content, 0, lengthBytes, 0) : source(content, 0);
  assert.equal(got, lengthBytes);
  return content;
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => isSecondwindError(error, code));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nbdBufferBytes, nbdIdleBytesMax } from '../../base/limits.ts';
import { BufferPool } from './buffer-pool.ts';
import { ReplyWriter } from './reply-writer.ts';

/** A socket that takes all at once, or nothing until it is told to. */
class TestSocket {
  destroyed = false;
  isStuck = false;
  readonly written: Uint8Array[] = [];

  get writableLength(): number {
    return this.isStuck ? this.written.reduce((sum, each) => sum + each.length, 0) : 0;
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return !this.isStuck;
  }

  text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }
}

function put(writer: ReplyWriter, text: string): void {
  const at = writer.reserve(text.length);
  writer.slab.write(text, at, 'latin1');
  writer.commit(text.length);
}

test('writes what one turn gathered at once, and fills the same slab again', () => {
  const socket = new TestSocket();
  const writer = new ReplyWriter(socket, new BufferPool());
  const { slab } = writer;
  put(writer, 'one');
  writer.reserve(1000);
  put(writer, 'two');
  writer.flush();
  writer.flush();
  assert.equal(socket.written.length, 1);
  assert.equal(socket.text(), 'onetwo');
  assert.equal(writer.slab, slab);
});

test('never touches what the kernel has not taken', () => {
  const socket = new TestSocket();
  socket.isStuck = true;
  const pool = new BufferPool();
  const writer = new ReplyWriter(socket, pool);
  for (let index = 0; index < 5; index += 1) {
    put(writer, `reply ${index} `);
    const owner = pool.take(100_000);
    owner.fill(65 + index);
    writer.flush();
    writer.add(owner.subarray(0, 100_000), owner);
    assert.equal(writer.isBlocked, true);
  }
  for (let index = 0; index < 5; index += 1) {
    assert.equal(Buffer.from(socket.written[2 * index]!).toString(), `reply ${index} `);
    assert.ok(socket.written[2 * index + 1]!.every((byte) => byte === 65 + index));
  }
  const lent = socket.written[1]!.buffer;
  assert.notEqual(pool.take(100_000).buffer, lent);
  writer.drained();
  const again = Array.from({ length: 5 }, () => pool.take(100_000).buffer);
  assert.ok(again.includes(lent), 'once all is taken, buffers are used again');
});

test('starts a new slab when one is full', () => {
  const socket = new TestSocket();
  const writer = new ReplyWriter(socket, new BufferPool());
  const reply = 'x'.repeat(nbdBufferBytes / 3);
  for (let count = 0; count < 4; count += 1) put(writer, reply);
  writer.flush();
  assert.deepEqual(
    socket.written.map((each) => each.length),
    [reply.length * 3, reply.length],
  );
});

test('leaves a slab to whoever still fills it, after sending what was gathered', () => {
  const socket = new TestSocket();
  const writer = new ReplyWriter(socket, new BufferPool());
  put(writer, 'first');
  const at = writer.reserve(100);
  const slab = writer.detach();
  assert.equal(socket.text(), 'first');
  put(writer, 'second');
  slab.write('third', at, 'latin1');
  writer.add(slab.subarray(at, at + 5));
  writer.flush();
  assert.equal(socket.text(), 'firstsecondthird');
});

test('writes nothing to a socket that is gone', () => {
  const socket = new TestSocket();
  socket.destroyed = true;
  const writer = new ReplyWriter(socket, new BufferPool());
  put(writer, 'lost');
  writer.flush();
  assert.equal(socket.written.length, 0);
});

test('a pool keeps what is given back up to its limit', () => {
  const pool = new BufferPool();
  const first = pool.take(5000);
  assert.equal(first.length, 8192);
  pool.give(first);
  assert.equal(pool.take(8000), first);
  assert.notEqual(pool.take(8000), first);
  const many = Array.from({ length: (2 * nbdIdleBytesMax) / 2 ** 20 }, () => pool.take(2 ** 20));
  for (const each of many) pool.give(each);
  const kept = Array.from({ length: many.length }, () => pool.take(2 ** 20));
  assert.equal(kept.filter((each) => many.includes(each)).length, nbdIdleBytesMax / 2 ** 20);
  assert.equal(pool.take(0).length, 4096);
  assert.equal(pool.take(32 * 2 ** 20 + 28).length, 64 * 2 ** 20);
});

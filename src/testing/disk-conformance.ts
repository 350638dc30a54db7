import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Awaitable, DiskExtent, ReadableDisk, WritableDisk } from '../disk/disk.ts';

/** A disk to try, and what tidies up after it. */
export interface DiskUnderTest<Disk> {
  readonly disk: Disk;
  /** What the disk holds at the start; zeroes when left out. */
  readonly content?: Buffer;
  /** Removes what the maker set up around the disk; called after the disk was closed. */
  readonly dispose?: () => Awaitable<void>;
}

/** Makes a fresh disk of a size. */
export type DiskMaker<Disk> = (sizeBytes: number) => Awaitable<DiskUnderTest<Disk>>;

type Step =
  | { readonly kind: 'write'; readonly fill: number; readonly isForced: boolean }
  | { readonly kind: 'writeZeroes'; readonly isForced: boolean; readonly mayTrim: boolean }
  | { readonly kind: 'trim'; readonly isForced: boolean }
  | { readonly kind: 'flush' | 'read' | 'extents' | 'prefetch' };

type PlacedStep = Step & { readonly at: number; readonly length: number };

const sizes = [4096 * 37, 4096 * 64 + 512, 300_001];

/**
 * Runs every promise of WritableDisk against one implementation: random operations against a model, bounds, concurrency.
 * @param name - of the implementation
 * @param make - makes a fresh disk
 */
export function testWritableDisk(name: string, make: DiskMaker<WritableDisk>): void {
  testReadableDisk(name, make);
  describe(`${name} as a writable disk`, () => {
    test('holds what a model holds after any operations', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...sizes),
          fc.array(steps, { maxLength: 40 }),
          (size, list) => withDisk(make, size, (disk, model) => replay(disk, model, list)),
        ),
        { numRuns: 25 },
      );
    });

    test('keeps every one of many concurrent writes side by side, also within one block', async () => {
      await withDisk(make, sizes[1]!, async (disk, model) => {
        const pieces = Array.from({ length: 200 }, (_, index) => index * 700);
        await Promise.all(
          pieces.map(async (at, index) => {
            const data = Buffer.alloc(700, index + 1);
            data.copy(model, at);
            await disk.write(data, at);
          }),
        );
        await assertHolds(disk, model);
      });
    });

    test('leaves one of two overlapping concurrent writes in each block, never a mixture', async () => {
      await withDisk(make, sizes[0]!, async (disk) => {
        await Promise.all(
          [1, 2, 3, 4].map(async (fill) => disk.write(Buffer.alloc(16_384, fill), 8192)),
        );
        const found = Buffer.alloc(16_384);
        await disk.read(found, 8192);
        for (let at = 0; at < found.length; at += 4096) {
          const block = found.subarray(at, at + 4096);
          assert.deepEqual(new Set(block), new Set([block[0]]));
        }
      });
    });

    test('refuses to write beyond its end', async () => {
      await withDisk(make, sizes[0]!, async (disk) => {
        const end = disk.sizeBytes;
        await assert.rejects(async () => disk.write(Buffer.alloc(2), end - 1));
        await assert.rejects(async () => disk.writeZeroes(end - 1, 2));
        await assert.rejects(async () => disk.trim(end, 1));
      });
    });

    test('does not keep the buffer of a write that has ended', async () => {
      await withDisk(make, sizes[0]!, async (disk, model) => {
        const data = Buffer.alloc(4096, 7);
        await disk.write(data, 4096);
        model.fill(7, 4096, 8192);
        data.fill(8);
        await assertHolds(disk, model);
      });
    });
  });
}

/**
 * Runs every promise of ReadableDisk against one implementation.
 * @param name - of the implementation
 * @param make - makes a fresh disk, with the content it names
 */
export function testReadableDisk(name: string, make: DiskMaker<ReadableDisk>): void {
  describe(`${name} as a readable disk`, () => {
    test('has the size asked for and reads its content, whole and in pieces', async () => {
      for (const size of sizes) {
        await withDisk(make, size, async (disk, model) => {
          assert.equal(disk.sizeBytes, size);
          await assertHolds(disk, model);
          await Promise.all([
            assertReads(disk, model, { at: 1, length: 1 }),
            assertReads(disk, model, { at: 4095, length: 4098 }),
            assertReads(disk, model, { at: size - 1, length: 1 }),
            assertReads(disk, model, { at: size, length: 0 }),
          ]);
        });
      }
    });

    test('covers any span with extents, and calls no data a hole', async () => {
      await withDisk(make, sizes[2]!, async (disk, model) => {
        await assertExtents(disk, model, { at: 0, length: disk.sizeBytes });
        await assertExtents(disk, model, { at: 5000, length: 200_000 });
        await assertExtents(disk, model, { at: disk.sizeBytes - 1, length: 1 });
      });
    });

    test('refuses to read beyond its end', async () => {
      await withDisk(make, sizes[0]!, async (disk) => {
        await assert.rejects(async () => disk.read(Buffer.alloc(2), disk.sizeBytes - 1));
        await assert.rejects(async () => disk.extents(disk.sizeBytes, 1));
      });
    });
  });
}

const places = fc.record({ at: fc.nat(), length: fc.nat(40_000), aligned: fc.boolean() });

const steps: fc.Arbitrary<Step & { place: { at: number; length: number; aligned: boolean } }> = fc
  .tuple(
    fc.oneof(
      fc.record({ kind: fc.constant('write' as const), fill: fc.nat(255), isForced: rarely() }),
      fc.record({
        kind: fc.constant('writeZeroes' as const),
        isForced: rarely(),
        mayTrim: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('trim' as const), isForced: rarely() }),
      fc.record({
        kind: fc.constantFrom(
          'flush' as const,
          'read' as const,
          'extents' as const,
          'prefetch' as const,
        ),
      }),
    ),
    places,
  )
  .map(([step, place]) => ({ ...step, place }));

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(15).map((number) => number === 0);
}

async function replay(
  disk: WritableDisk,
  model: Buffer,
  list: readonly (Step & { place: { at: number; length: number; aligned: boolean } })[],
): Promise<void> {
  for (const { place, ...step } of list) {
    const unit = place.aligned ? 4096 : 1;
    const at = Math.floor((place.at % disk.sizeBytes) / unit) * unit;
    const length = Math.min(Math.ceil(place.length / unit) * unit, disk.sizeBytes - at);
    await carryOut(disk, model, { ...step, at, length });
  }
  await assertHolds(disk, model);
}

async function carryOut(disk: WritableDisk, model: Buffer, step: PlacedStep): Promise<void> {
  const { at, length } = step;
  switch (step.kind) {
    case 'write': {
      const data = Buffer.alloc(length, step.fill);
      if (length > 9) data[9] = step.fill ^ 1;
      data.copy(model, at);
      await disk.write(data, at, { isForced: step.isForced });
      break;
    }
    case 'writeZeroes':
      model.fill(0, at, at + length);
      await disk.writeZeroes(at, length, { isForced: step.isForced, mayTrim: step.mayTrim });
      break;
    case 'trim':
      model.fill(0, at, at + length);
      await disk.trim(at, length, { isForced: step.isForced });
      break;
    case 'flush':
      await disk.flush();
      break;
    case 'read':
      await assertReads(disk, model, step);
      break;
    case 'extents':
      await assertExtents(disk, model, step);
      break;
    case 'prefetch':
      await disk.prefetch?.(at, length);
      break;
  }
}

async function withDisk<Disk extends ReadableDisk>(
  make: DiskMaker<Disk>,
  sizeBytes: number,
  use: (disk: Disk, model: Buffer) => Promise<void>,
): Promise<void> {
  const made = await make(sizeBytes);
  try {
    await use(made.disk, Buffer.from(made.content ?? Buffer.alloc(sizeBytes)));
  } finally {
    await made.disk.close();
    await made.dispose?.();
  }
}

async function assertHolds(disk: ReadableDisk, model: Buffer): Promise<void> {
  await assertReads(disk, model, { at: 0, length: model.length });
}

async function assertReads(
  disk: ReadableDisk,
  model: Buffer,
  span: { readonly at: number; readonly length: number },
): Promise<void> {
  const found = Buffer.alloc(span.length, 0xa5);
  await disk.read(found, span.at);
  const wanted = model.subarray(span.at, span.at + span.length);
  if (found.equals(wanted)) return;
  const first = found.findIndex((byte, index) => byte !== wanted[index]);
  assert.fail(`byte ${span.at + first} is ${found[first]}, not ${wanted[first]}`);
}

async function assertExtents(
  disk: ReadableDisk,
  model: Buffer,
  span: { readonly at: number; readonly length: number },
): Promise<void> {
  let at = span.at;
  const end = span.at + span.length;
  while (at < end) {
    const answer: readonly DiskExtent[] = await disk.extents(at, end - at);
    assert.ok(answer.length > 0, `no extent at ${at}`);
    for (const extent of answer) {
      assert.ok(extent.lengthBytes > 0, `an empty extent at ${at}`);
      const part = model.subarray(at, at + extent.lengthBytes);
      assert.ok(!extent.isHole || part.every((byte) => byte === 0), `a hole at ${at} holds data`);
      at += extent.lengthBytes;
    }
    assert.ok(at <= end, 'extents go beyond the span asked for');
  }
}

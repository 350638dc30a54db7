import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../base/system-clock.ts';
import { type DiskMaker, testReadableDisk, testWritableDisk } from '../testing/disk-conformance.ts';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import type { WritableDisk } from './disk.ts';
import { createFileDisk, openFileDisk } from './file-disk.ts';
import { MemoryDisk } from './memory-disk.ts';
import { OverlayDisk, openOverlayDisk } from './overlay-disk.ts';
import { ReadableWindow, WritableWindow } from './window-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'secondwind-disks-'));
after(() => rmSync(folder, { recursive: true }));

const clock = systemClock;
/** A clock on which every operation looks slow, so that all go to the thread pool. */
const slowClock = { ...systemClock, steadyMs: slowMs() };

testWritableDisk('MemoryDisk', (sizeBytes) => ({ disk: new MemoryDisk(sizeBytes) }));

testWritableDisk('a new FileDisk', async (sizeBytes) => ({
  disk: await createFileDisk(freshPath(), sizeBytes, { clock }),
}));

testWritableDisk('a FileDisk of an existing file', async (sizeBytes) => {
  const { file, content } = existingFile(sizeBytes);
  return { disk: await openFileDisk(file, { clock }), content };
});

testWritableDisk('a FileDisk on a slow device', async (sizeBytes) => {
  const { file, content } = existingFile(sizeBytes);
  return { disk: await openFileDisk(file, { clock: slowClock }), content };
});

testReadableDisk('a read-only FileDisk', async (sizeBytes) => {
  const { file, content } = existingFile(sizeBytes);
  return { disk: await openFileDisk(file, { clock, isReadOnly: true }), content };
});

testWritableDisk('WritableWindow', (sizeBytes) => ({
  disk: new WritableWindow(new MemoryDisk(sizeBytes + 9000), { offsetBytes: 5000, sizeBytes }),
}));

testReadableDisk('ReadableWindow', (sizeBytes) => {
  const below = new MemoryDisk(sizeBytes + 9000);
  const content = pattern(sizeBytes);
  below.write(content, 5000);
  return { disk: new ReadableWindow(below, { offsetBytes: 5000, sizeBytes }), content };
});

testWritableDisk(
  'OverlayDisk in memory',
  overlayOn((sizeBytes) => new MemoryDisk(sizeBytes)),
);

testWritableDisk(
  'OverlayDisk over slow disks',
  overlayOn((sizeBytes) => slow(new MemoryDisk(sizeBytes))),
);

testWritableDisk('OverlayDisk with a scratch file', async (sizeBytes) => {
  const { base, content } = patternedBase(sizeBytes);
  return { disk: await openOverlayDisk(base, freshPath(), clock), content };
});

testWritableDisk('FaultyDisk without faults', (sizeBytes) => ({
  disk: new FaultyDisk(new MemoryDisk(sizeBytes)),
}));

function overlayOn(makeScratch: (sizeBytes: number) => WritableDisk): DiskMaker<WritableDisk> {
  return (sizeBytes) => {
    const { base, content } = patternedBase(sizeBytes);
    const scratch = makeScratch(sizeBytes);
    const isSlow = scratch instanceof FaultyDisk;
    return { disk: new OverlayDisk(isSlow ? slow(base) : base, scratch), content };
  };
}

// Answers later, and after differing times, so that operations overtake each other.
function slow(below: WritableDisk): FaultyDisk {
  let count = 0;
  const delay = async (): Promise<void> => {
    count += 1;
    for (let turn = 0; turn < (count * 7) % 5; turn += 1) await nextTurn();
  };
  return new FaultyDisk(below, { delay });
}

function patternedBase(sizeBytes: number): { base: MemoryDisk; content: Buffer } {
  const base = new MemoryDisk(sizeBytes);
  const content = pattern(sizeBytes);
  base.write(content, 0);
  base.writeZeroes(65_536, 65_536);
  content.fill(0, 65_536, 131_072);
  return { base, content };
}

function existingFile(sizeBytes: number): { file: string; content: Buffer } {
  const file = freshPath();
  const content = pattern(sizeBytes);
  writeFileSync(file, content);
  return { file, content };
}

function pattern(sizeBytes: number): Buffer {
  const content = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) content[at] = (at >> 9) * 7 + at;
  return content;
}

function freshPath(): string {
  return join(folder, randomUUID());
}

function slowMs(): () => number {
  let nowMs = 0;
  return () => (nowMs += 1);
}

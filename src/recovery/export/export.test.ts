import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { diskContent } from '../../../test/recovery/disk-content.ts';
import { contentOf, MemoryView, viewOf } from '../../../test/recovery/memory-view.ts';
import { testFolder } from '../../../test/recovery/test-folder.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import { systemClock as clock } from '../../base/system-clock.ts';
import { createFileDisk } from '../../disk/file-disk.ts';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import { testReadableDisk, testWritableDisk } from '../../testing/disk-conformance.ts';
import { BlockMarks } from '../block-marks.ts';
import { BlockCipher } from './block-cipher.ts';
import type { OverlayOptions } from './export-options.ts';
import { decodeKeptMap, encodeKeptMap } from './kept-map.ts';
import { removeKept, tidyOverlays } from './kept-overlay.ts';
import { LayeredDisk } from './layered-disk.ts';
import { openReadableExport, openWritableExport } from './open-export.ts';
import { plainOverlayKeys } from './overlay-keys.ts';
import { ScratchDisk, scratchBytes } from './scratch-disk.ts';

const { folder, fresh } = testFolder();
const megabyte = 2 ** 20;
const random = seededRandom(1);

function cipher(): BlockCipher {
  const key = new Uint8Array(64);
  random.fill(key);
  return new BlockCipher(key);
}

function overlayAt(scratchPath: string): OverlayOptions {
  return { scratchPath, clock, random, keys: plainOverlayKeys };
}

testWritableDisk('ScratchDisk in memory', (sizeBytes) => ({
  disk: new ScratchDisk(new MemoryDisk(scratchBytes(sizeBytes)), sizeBytes, cipher()),
}));

testWritableDisk('ScratchDisk on a file', async (sizeBytes) => ({
  disk: new ScratchDisk(
    await createFileDisk(fresh(), scratchBytes(sizeBytes), { clock }),
    sizeBytes,
    cipher(),
  ),
}));

testWritableDisk('a writable export', async (sizeBytes) => {
  const content = diskContent(sizeBytes, 3);
  const overlay = overlayAt(`${fresh()}/overlay`);
  const opened = await openWritableExport({ view: viewOf(content), overlay });
  return { disk: opened.disk, content, dispose: () => opened.close({ keep: false }) };
});

testReadableDisk('LayeredDisk', (sizeBytes) => {
  const content = diskContent(sizeBytes, 4);
  const layer = new MemoryDisk(sizeBytes);
  const marks = new BlockMarks(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 24_576) {
    const data = Buffer.alloc(Math.min(8192, sizeBytes - at), 7);
    data.copy(content, at);
    layer.write(data, at);
    marks.add(at, data.length);
  }
  const base = viewOf(diskContent(sizeBytes, 4));
  return { disk: new LayeredDisk(base, layer, marks), content };
});

describe('a scratch file', () => {
  test('holds nothing that can be read without its key', async () => {
    const overlay = overlayAt(`${fresh()}/overlay`);
    const view = viewOf(Buffer.from('attack at dawn '.repeat(100_000)));
    const opened = await openWritableExport({ view, overlay });
    await opened.disk.write(Buffer.from('attack at dusk'), 5000);
    await opened.disk.flush();
    const stored = readFileSync(`${overlay.scratchPath}.1.scratch`);
    assert.ok(!stored.includes('attack'));
    const found = Buffer.alloc(14);
    await opened.disk.read(found, 5000);
    assert.equal(found.toString(), 'attack at dusk');
    await opened.close({ keep: false });
  });

  test('encrypts equal blocks differently, and keeps zeroes as holes', () => {
    const blocks = Buffer.alloc(3 * 4096, 1);
    blocks.fill(0, 8192);
    const sealed = Buffer.alloc(blocks.length);
    const own = cipher();
    own.encrypt(blocks, 2 ** 33, sealed);
    assert.notDeepEqual(sealed.subarray(0, 4096), sealed.subarray(4096, 8192));
    assert.ok(sealed.subarray(8192).every((byte) => byte === 0));
    own.decrypt(sealed, 2 ** 33);
    assert.deepEqual(sealed, blocks);
  });
});

describe('keeping an export', () => {
  test('gives what a model holds, however often it is opened, written, kept or thrown away', async () => {
    const step = fc.record({
      at: fc.nat(megabyte - 1),
      length: fc.nat(40_000),
      fill: fc.nat(255),
      isZero: fc.boolean(),
    });
    const session = fc.record({ keep: fc.boolean(), steps: fc.array(step, { maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(session, { maxLength: 4 }), async (sessions) => {
        const overlay = overlayAt(`${fresh()}/overlay`);
        const content = diskContent(megabyte + 700, 5);
        let kept = Buffer.from(content);
        for (const { keep, steps } of sessions) {
          const model = Buffer.from(kept);
          const opened = await openWritableExport({ view: viewOf(content), overlay });
          for (const { at, length, fill, isZero } of steps) {
            const end = Math.min(at + length, model.length);
            model.fill(isZero ? 0 : fill, at, end);
            if (isZero) await opened.disk.writeZeroes(at, end - at, { mayTrim: true });
            else await opened.disk.write(Buffer.alloc(end - at, fill), at);
          }
          assert.ok((await contentOf(opened.disk)).equals(model));
          await opened.close({ keep });
          if (keep) kept = model;
        }
        const readable = await openReadableExport({ view: viewOf(content), overlay });
        assert.ok((await contentOf(readable.disk)).equals(kept));
        await readable.close({ keep: false });
      }),
      { numRuns: 30 },
    );
  });

  test('leaves no file behind when it is thrown away, and one map and one file when kept', async () => {
    const overlay = overlayAt(`${fresh()}/overlay`);
    const view = (): MemoryView => viewOf(Buffer.alloc(megabyte, 1));
    const names = (): string[] => readdirSync(dirname(overlay.scratchPath)).sort();
    const first = await openWritableExport({ view: view(), overlay });
    await first.disk.write(Buffer.alloc(4096, 2), 0);
    assert.equal(first.writtenBytes(), 4096);
    await first.close({ keep: false });
    assert.deepEqual(names(), []);
    for (const number of [1, 2]) {
      const next = await openWritableExport({ view: view(), overlay });
      await next.disk.write(Buffer.alloc(4096, 2), number * 4096);
      await next.close({ keep: true });
      assert.deepEqual(names(), [`overlay.${number}.scratch`, 'overlay.kept']);
    }
    const last = await openWritableExport({ view: view(), overlay });
    assert.equal(last.keptBytes, 8192);
    await last.close({ keep: true });
    assert.deepEqual(names(), ['overlay.2.scratch', 'overlay.kept']);
    await removeKept(overlay.scratchPath);
    assert.deepEqual(names(), []);
  });

  test('survives a server that ended without closing: what was kept is there, the rest is tidied away', async () => {
    const overlay = overlayAt(`${fresh()}/overlay`);
    const view = (): MemoryView => viewOf(Buffer.alloc(megabyte, 1));
    const first = await openWritableExport({ view: view(), overlay });
    await first.disk.write(Buffer.alloc(4096, 2), 8192);
    await first.close({ keep: true });
    const second = await openWritableExport({ view: view(), overlay });
    await second.disk.write(Buffer.alloc(4096, 3), 8192);
    await second.disk.flush();
    writeFileSync(`${overlay.scratchPath}-other.7.scratch`, 'left behind');
    writeFileSync(`${overlay.scratchPath}.kept.new`, 'half a map');
    const kept = await tidyOverlays(dirname(overlay.scratchPath));
    assert.deepEqual(
      kept.map(({ disk, changedBytes }) => ({ disk, changedBytes })),
      [{ disk: 'web/root', changedBytes: 4096 }],
    );
    assert.deepEqual(readdirSync(dirname(overlay.scratchPath)).sort(), [
      'overlay.1.scratch',
      'overlay.kept',
    ]);
    const again = await openReadableExport({ view: view(), overlay });
    const found = Buffer.alloc(4096);
    await again.disk.read(found, 8192);
    assert.ok(found.every((byte) => byte === 2));
    await Promise.all([again.close({ keep: false }), second.disk.close()]);
  });

  test('that fails leaves the export open, to be tried again', async () => {
    const overlay = overlayAt(`${fresh()}/overlay`);
    let isKeeperThere = false;
    const keys = {
      ...plainOverlayKeys,
      wrap: async (key: Uint8Array) => {
        if (!isKeeperThere) throw new Error('no keeper');
        return plainOverlayKeys.wrap(key);
      },
    };
    const view = viewOf(Buffer.alloc(8192, 1));
    const opened = await openWritableExport({ view, overlay: { ...overlay, keys } });
    await opened.disk.write(Buffer.alloc(4096, 2), 0);
    await assert.rejects(opened.close({ keep: true }), /no keeper/);
    isKeeperThere = true;
    await opened.close({ keep: true });
    assert.equal((await tidyOverlays(dirname(overlay.scratchPath))).length, 1);
  });

  test('is refused over another moment, and damage is told', async () => {
    const overlay = overlayAt(`${fresh()}/overlay`);
    const opened = await openWritableExport({ view: viewOf(Buffer.alloc(8192, 1)), overlay });
    await opened.close({ keep: true });
    const later = Object.assign(viewOf(Buffer.alloc(8192, 1)), { timeMicros: 5 });
    await assert.rejects(openWritableExport({ view: later, overlay }), (error) =>
      isSecondwindError(error, 'USAGE'),
    );
    const file = `${overlay.scratchPath}.kept`;
    const map = readFileSync(file);
    for (let at = 0; at < map.length; at++) {
      const damaged = Buffer.from(map);
      damaged[at]! ^= 1 << (at % 8);
      assert.throws(() => decodeKeptMap(damaged), /checksum/);
    }
    truncateSync(file, map.length - 1);
    await assert.rejects(
      openReadableExport({ view: viewOf(Buffer.alloc(8192, 1)), overlay }),
      (error) => isSecondwindError(error, 'DAMAGED'),
    );
  });
});

test('a map is what it was after encoding and decoding', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.nat(10 ** 9), length: fc.nat(10 ** 6) }), { maxLength: 30 }),
      (spans) => {
        const marks = new BlockMarks(10 ** 9 + 77);
        for (const { at, length } of spans) marks.add(at, length);
        const name = { machine: 'büro', disk: 'root' };
        const wrappedKey = Uint8Array.of(1, 2, 3);
        const map = { name, timeMicros: 1e15, scratchNumber: 4, wrappedKey, marks };
        const decoded = decodeKeptMap(encodeKeptMap(map));
        assert.deepEqual([...decoded.marks.spans()], [...marks.spans()]);
        assert.deepEqual({ ...decoded, marks }, map);
      },
    ),
  );
});

test('a folder of overlays need not exist', async () => {
  assert.deepEqual(await tidyOverlays(`${folder}/none`), []);
});

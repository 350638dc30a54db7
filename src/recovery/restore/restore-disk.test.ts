import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { diskContent, scribble } from '../../../test/recovery/disk-content.ts';
import { contentOf, MemoryView, viewOf } from '../../../test/recovery/memory-view.ts';
import { testFolder } from '../../../test/recovery/test-folder.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { restoreSyncBytes } from '../../base/limits.ts';
import { systemClock as clock } from '../../base/system-clock.ts';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import type { RecoveryProgress } from '../progress-meter.ts';
import { inspectTarget } from './inspect-target.ts';
import { planInPlace, restoreDisk } from './restore-disk.ts';
import type { RestoreOptions } from './restore-options.ts';

const { fresh } = testFolder();
const megabyte = 2 ** 20;
const sizes = [0, 1, 4096, 300_001, megabyte, megabyte + 512, 9 * megabyte + 4096];

function whole(content: Buffer, path: string): RestoreOptions {
  return { view: viewOf(content), target: { path }, mode: 'whole', clock };
}

describe('restoring to a new file', () => {
  for (const size of sizes) {
    test(`gives the disk of ${size} bytes back, byte by byte`, async () => {
      const content = diskContent(size, size + 1);
      const path = fresh();
      const report = await restoreDisk({ ...whole(content, path), isVerified: true });
      assert.ok(readFileSync(path).equals(content));
      assert.equal(report.isDone, true);
      assert.equal(report.verifiedFrom, 'disk');
      assert.equal(report.dataBytes + report.zeroBytes, size);
      assert.ok(!existsSync(`${path}.incomplete`));
    });
  }

  test('leaves holes as holes', async () => {
    const view = viewOf(Buffer.alloc(0));
    const large = Object.assign(new MemoryDisk(2 ** 40), { name: view.name, timeMicros: 1 });
    large.write(Buffer.alloc(4096, 1), 2 ** 39);
    const path = fresh();
    await restoreDisk({ view: large, target: { path }, mode: 'whole', clock });
    const { size, blocks } = statSync(path);
    assert.equal(size, 2 ** 40);
    assert.ok(blocks * 512 < 2 * megabyte, `${blocks * 512} bytes are allocated`);
  });

  test('goes on from what an interrupted restore left, without writing it twice', async () => {
    const content = diskContent(8 * megabyte, 5);
    const path = fresh();
    const half = Buffer.from(content);
    half.fill(0, 4 * megabyte);
    writeFileSync(`${path}.incomplete`, half);
    const report = await restoreDisk(whole(content, path));
    assert.ok(readFileSync(path).equals(content));
    assert.ok(report.dataBytes <= 4 * megabyte);
    assert.ok(!existsSync(`${path}.incomplete`));
  });

  test('does not trust what an interrupted restore of something else left', async () => {
    const content = diskContent(3 * megabyte, 6);
    const path = fresh();
    writeFileSync(`${path}.incomplete`, diskContent(5 * megabyte, 7));
    await restoreDisk(whole(content, path));
    assert.ok(readFileSync(path).equals(content));
  });

  test('keeps the mode of an empty file that was prepared for it', async () => {
    const path = fresh();
    writeFileSync(path, '', { mode: 0o640 });
    await restoreDisk(whole(Buffer.alloc(5000, 1), path));
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.equal(statSync(path).size, 5000);
  });

  test('never writes through a link that was put where the unfinished file goes', async () => {
    const path = fresh();
    const victim = fresh();
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${path}.incomplete`);
    await assert.rejects(restoreDisk(whole(Buffer.alloc(5000, 1), path)), codeIs('NOT_A_DISK'));
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
  });

  test('is interrupted by its signal, and finished by the next call', async () => {
    const content = diskContent(64 * megabyte, 8);
    const path = fresh();
    const abort = new AbortController();
    const view = viewOf(content);
    const read = view.read.bind(view);
    let reads = 0;
    view.read = (target, offset) => {
      if (++reads === 10) abort.abort();
      read(target, offset);
    };
    const options: RestoreOptions = { view, target: { path }, mode: 'whole', clock };
    await assert.rejects(restoreDisk({ ...options, signal: abort.signal }), codeIs('INTERRUPTED'));
    assert.ok(!existsSync(path) && existsSync(`${path}.incomplete`));
    await restoreDisk(options);
    assert.ok(readFileSync(path).equals(content));
  });

  test('tells how far it is, from nothing to all', async () => {
    const seen: RecoveryProgress[] = [];
    const path = fresh();
    const options = whole(diskContent(4 * megabyte, 9), path);
    await restoreDisk({ ...options, progress: (progress) => seen.push(progress) });
    assert.equal(seen[0]?.doneBytes, 0);
    assert.equal(seen.at(-1)?.doneBytes, 4 * megabyte);
    assert.equal(seen.at(-1)?.leftMs, 0);
  });
});

describe('restoring over an existing file', () => {
  test('is refused without the words, and done with them', async () => {
    const path = fresh();
    const content = diskContent(5 * megabyte, 10);
    writeFileSync(path, Buffer.alloc(content.length, 0xee));
    await assert.rejects(restoreDisk(whole(content, path)), (error: unknown) => {
      assert.ok(isSecondwindError(error, 'REFUSED'));
      assert.match(error.advice, /--even-if exists/);
      return true;
    });
    assert.ok(readFileSync(path).every((byte) => byte === 0xee));
    await restoreDisk({ ...whole(content, path), evenIf: ['exists'], isVerified: true });
    assert.ok(readFileSync(path).equals(content));
  });

  test('a larger file is cut to the disk, a smaller one grown, only with the words', async () => {
    const content = diskContent(3 * megabyte, 11);
    for (const size of [2 * megabyte, 4 * megabyte]) {
      const path = fresh();
      writeFileSync(path, Buffer.alloc(size, 0xee));
      const options: RestoreOptions = { ...whole(content, path), mode: 'in-place' };
      const expected = size < content.length ? 'TARGET_TOO_SMALL' : 'REFUSED';
      await assert.rejects(restoreDisk(options), codeIs(expected));
      await restoreDisk({ ...options, evenIf: ['wrong-size'] });
      assert.ok(readFileSync(path).equals(content));
    }
  });

  test('follows a link to the file it names', async () => {
    const path = fresh();
    const link = fresh();
    const content = diskContent(megabyte, 12);
    writeFileSync(path, Buffer.alloc(megabyte, 1));
    symlinkSync(path, link);
    await restoreDisk({ ...whole(content, link), evenIf: ['exists'] });
    assert.ok(readFileSync(path).equals(content));
  });
});

describe('restoring in place', () => {
  test('writes only what differs, and says before how much', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2 ** 31),
        fc.nat(60),
        fc.constantFrom(...sizes),
        async (seed, changes, size) => {
          const content = diskContent(size, seed);
          const live = Buffer.from(content);
          if (size > 0) scribble(live, changes, seed + 1);
          const path = fresh();
          writeFileSync(path, live);
          const view = viewOf(content);
          const options: RestoreOptions = { view, target: { path }, mode: 'in-place', clock };
          const differing = differingBytes(content, live);
          assert.equal((await planInPlace(options)).differingBytes, differing);
          assert.ok(readFileSync(path).equals(live), 'planning changed the target');
          const { plan, dataBytes, zeroBytes } = await restoreDisk({
            ...options,
            isVerified: true,
          });
          assert.equal(plan?.differingBytes ?? 0, differing);
          assert.ok(readFileSync(path).equals(content));
          assert.ok(dataBytes + zeroBytes <= differing + megabyte);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('writes nothing when nothing differs', async () => {
    const content = diskContent(5 * megabyte, 13);
    const path = fresh();
    writeFileSync(path, content);
    const before = statSync(path).mtimeMs;
    const report = await restoreDisk({ ...whole(content, path), mode: 'in-place' });
    assert.equal(report.plan?.rangeCount, 0);
    assert.equal(statSync(path).mtimeMs, before);
  });

  test('writes nothing when the plan is not approved', async () => {
    const content = diskContent(5 * megabyte, 14);
    const path = fresh();
    writeFileSync(path, Buffer.alloc(content.length, 3));
    const report = await restoreDisk({
      ...whole(content, path),
      mode: 'in-place',
      approve: () => false,
    });
    assert.equal(report.isDone, false);
    assert.equal(report.plan?.differingBytes, 5 * megabyte);
    assert.ok(readFileSync(path).every((byte) => byte === 3));
  });

  test('looks only where it is told that something may have changed', async () => {
    const content = diskContent(8 * megabyte, 15);
    const live = new MemoryDisk(content.length);
    live.write(content, 0);
    live.write(Buffer.alloc(4096, 9), 5 * megabyte);
    const ranges = [{ offsetBytes: 5 * megabyte, lengthBytes: 8192 }];
    const target = { disk: live, label: 'the tap' };
    const view = viewOf(content);
    const report = await restoreDisk({ view, target, ranges, mode: 'in-place', clock });
    assert.equal(report.plan?.comparedBytes, megabyte + 8192);
    assert.equal(report.plan.differingBytes, 4096);
    assert.ok((await contentOf(live)).equals(content));
  });

  test('to a place where nothing is restores to a new file', async () => {
    const content = diskContent(megabyte, 16);
    const path = fresh();
    await restoreDisk({ ...whole(content, path), mode: 'in-place' });
    assert.ok(readFileSync(path).equals(content));
    await assert.rejects(
      planInPlace({ ...whole(content, fresh()), mode: 'in-place' }),
      codeIs('NOT_FOUND'),
    );
  });
});

test('an interrupted restore over a file can be seen there', async () => {
  const content = diskContent(40 * megabyte, 17);
  const path = fresh();
  writeFileSync(path, Buffer.alloc(content.length, 3));
  assert.equal((await inspectTarget(path)).unfinished, undefined);
  const abort = new AbortController();
  const options: RestoreOptions = { ...whole(content, path), evenIf: ['exists'] };
  const progress = ({ doneBytes }: RecoveryProgress): void => {
    if (doneBytes > 0) abort.abort();
  };
  const slow = { ...clock, steadyMs: slowMs() };
  const interrupted = restoreDisk({ ...options, clock: slow, progress, signal: abort.signal });
  await assert.rejects(interrupted, codeIs('INTERRUPTED'));
  assert.match((await inspectTarget(path)).unfinished ?? '', /^web\/root as it stood at 2025-/);
  await restoreDisk(options);
  assert.equal((await inspectTarget(path)).unfinished, undefined);
  assert.ok(readFileSync(path).equals(content));
});

test('a target that does not read back what was written is no restored disk', async () => {
  const content = diskContent(3 * megabyte, 20);
  const disk = new MemoryDisk(content.length);
  const read = disk.read.bind(disk);
  disk.read = (target, offset) => {
    read(target, offset);
    if (offset <= megabyte && offset + target.length > megabyte) target[megabyte - offset]! ^= 1;
  };
  const target = { disk, label: 'a bad disk' };
  const options: RestoreOptions = { view: viewOf(content), target, mode: 'whole', clock };
  assert.equal((await restoreDisk(options)).verifiedFrom, undefined);
  await assert.rejects(restoreDisk({ ...options, isVerified: true }), (error: unknown) => {
    assert.ok(isSecondwindError(error, 'IO_FAILED'));
    assert.match(error.message, /1 range did not read back as written, the first at byte 1048576/);
    return true;
  });
});

test('what somebody else puts at the target meanwhile is not replaced', async () => {
  const path = fresh();
  const progress = ({ doneBytes }: RecoveryProgress): void => {
    if (doneBytes === 0) writeFileSync(path, 'somebody else was here');
  };
  const options = whole(diskContent(megabyte, 21), path);
  await assert.rejects(restoreDisk({ ...options, progress }), codeIs('ALREADY_EXISTS'));
  assert.equal(readFileSync(path, 'utf8'), 'somebody else was here');
});

test('a disk larger than what is synced at once comes back whole', async () => {
  const sizeBytes = restoreSyncBytes + 20 * megabyte;
  const view = Object.assign(new MemoryView(sizeBytes), {
    extents: (_offset: number, lengthBytes: number) => [{ lengthBytes, isHole: false }],
    read: (target: Uint8Array, offset: number) => target.fill(1 + ((offset / megabyte) % 200)),
  });
  const path = fresh();
  await restoreDisk({ view, target: { path }, mode: 'whole', clock });
  const found = readFileSync(path);
  for (let at = 0; at < sizeBytes; at += megabyte) {
    const piece = found.subarray(at, at + megabyte);
    assert.ok(piece.equals(Buffer.alloc(megabyte, 1 + ((at / megabyte) % 200))), `at ${at}`);
  }
});

test('two restores never write to one target at once', async () => {
  const path = fresh();
  const contents = [diskContent(20 * megabyte, 18), diskContent(20 * megabyte, 19)];
  const outcomes = await Promise.allSettled(contents.map((each) => restoreDisk(whole(each, path))));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(isSecondwindError(refused[0]?.reason, 'IN_USE'));
  const first = contents[outcomes.findIndex(({ status }) => status === 'fulfilled')]!;
  assert.ok(readFileSync(path).equals(first));
  await restoreDisk({ ...whole(contents[1]!, path), evenIf: ['exists'] });
  assert.ok(readFileSync(path).equals(contents[1]!));
});

test('a target that is no disk, or lies nowhere, is a clear error', async () => {
  const content = Buffer.alloc(4096, 1);
  const { folder } = testFolder();
  await assert.rejects(restoreDisk(whole(content, folder)), codeIs('NOT_A_DISK'));
  await assert.rejects(restoreDisk(whole(content, '/dev/null')), codeIs('NOT_A_DISK'));
  await assert.rejects(restoreDisk(whole(content, `${folder}/no/disk`)), codeIs('NOT_FOUND'));
  symlinkSync('/nowhere/at/all', `${folder}/link`);
  await assert.rejects(restoreDisk(whole(content, `${folder}/link`)), codeIs('NOT_A_DISK'));
});

test('a target that this server serves is never written behind its back', async () => {
  const path = fresh();
  writeFileSync(path, Buffer.alloc(4096, 1));
  const served = [{ path, use: 'the protected disk web/root' }];
  const options: RestoreOptions = {
    ...whole(Buffer.alloc(4096, 2), path),
    target: { path, served },
    evenIf: ['exists', 'in-use', 'mounted', 'wrong-size'],
  };
  await assert.rejects(restoreDisk(options), codeIs('IN_USE'));
  assert.ok(readFileSync(path).every((byte) => byte === 1));
});

/** A clock that moves a second with each look, so that every step is worth a report. */
function slowMs(): () => number {
  let nowMs = 0;
  return () => (nowMs += 1000);
}

function differingBytes(wanted: Buffer, found: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < wanted.length; at += 4096) {
    const block = wanted.subarray(at, at + 4096);
    if (!block.equals(found.subarray(at, at + 4096))) bytes += block.length;
  }
  return bytes;
}

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as { readonly code?: string }).code, code, String(error));
    return true;
  };
}

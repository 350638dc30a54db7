import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { RealGuest } from '../../demo/real-guest.ts';

/**
 * Mends a restored ext4 as its own journal would, asserts that it is sound, and reads its records.
 * @param content - the disk as it was restored
 * @param path - where a copy may be put
 * @returns number of the newest record; 0 for none
 */
export function newestRecord(content: Uint8Array, path: string): number {
  writeFileSync(path, content);
  fsck(['-E', 'journal_only', '-y', path], [0, 1]);
  fsck(['-f', '-n', path], [0]);
  const text = execFileSync('debugfs', ['-R', 'cat /records', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const numbers = text
    .toString()
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  for (const [index, number] of numbers.entries())
    assert.equal(number, index + 1, 'a record is missing');
  return numbers.length;
}

/**
 * Asserts that both disks of a guest hold what they must at a point: everything that was done before it, nothing that was
 * asked for after it, and both the same instant.
 * @param guest - wrote the records, each to the first disk and then to the second
 * @param found - newest record on each disk; undefined for one that was refused
 * @param pointMs - the instant of the point
 */
export function assertRecords(
  guest: RealGuest,
  found: { readonly vda: number | undefined; readonly vdb: number | undefined },
  pointMs: number,
): void {
  const words = `${JSON.stringify(found)} at ${new Date(pointMs).toISOString()}`;
  const doneBefore = guest.records.findLastIndex(
    ({ doneMs }) => doneMs !== undefined && doneMs < Math.floor(pointMs),
  );
  const askedBefore = guest.records.findLastIndex(({ askedMs }) => askedMs <= Math.ceil(pointMs));
  const { vda, vdb } = found;
  for (const number of [vda, vdb]) {
    if (number === undefined) continue;
    assert.ok(number >= doneBefore, `${words}: record ${doneBefore} was on stable storage before`);
    assert.ok(number <= askedBefore, `${words}: record ${askedBefore + 1} was not asked for yet`);
  }
  if (vda === undefined || vdb === undefined) return;
  assert.ok(vdb <= vda && vda <= vdb + 1, `${words}: not one instant`);
}

function fsck(words: readonly string[], codes: readonly number[]): void {
  try {
    execFileSync('e2fsck', words, { stdio: 'pipe' });
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: Buffer };
    assert.ok(
      codes.includes(status),
      `e2fsck ${words.join(' ')} ended with ${status}: ${stdout.toString()}`,
    );
  }
}

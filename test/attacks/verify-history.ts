import assert from 'node:assert/strict';
import { isSecondwindError } from '../../src/base/errors.ts';
import { integerBelow, type Random } from '../../src/base/random.ts';
import type { CommitReceipt } from '../../src/repository/contract.ts';
import type { Repository, TimelinePoint } from '../../src/repository/index.ts';
import type { HistoryModel, ModelDisk } from './history-model.ts';

/** What must be found of one machine. */
export interface ExpectedMachine {
  readonly machine: string;
  /** Commits that were tried, in order: each may be there whole, or not at all. */
  readonly tried: readonly string[];
  /** Receipts of those that were reported stored, by id: they must be there. */
  readonly stored: ReadonlyMap<string, CommitReceipt>;
  /** Decides which commits are compared byte by byte beside the newest two; left out: all. */
  readonly sample?: Random;
}

/**
 * Compares a machine's history with the model, byte for byte.
 * @param repository - just opened
 * @param model - knows every commit that was tried
 * @param expected - what must be there
 * @returns ids of all commits that are there, in order
 */
export async function verifyMachine(
  repository: Repository,
  model: HistoryModel,
  expected: ExpectedMachine,
): Promise<string[]> {
  const points = pointsOf(repository, expected.machine);
  const ids = points.map((point) => idOf(point));
  assertSubsequence(ids, expected.tried);
  const missing = expected.tried.filter((id) => expected.stored.has(id) && !ids.includes(id));
  assert.deepEqual(missing, [], `every acknowledged commit is there; found: ${ids.join(' ')}`);
  for (const [index, point] of points.entries()) {
    assert.equal(point.sequence, index + 1);
    const receipt = expected.stored.get(ids[index]!);
    if (receipt !== undefined) assert.equal(point.timeMicros, receipt.timeMicros);
    if (expected.sample !== undefined && index < points.length - 2) {
      if (integerBelow(expected.sample, points.length) > 0) continue;
    }
    await verifyPoint(repository, expected.machine, {
      timeMicros: point.timeMicros,
      disks: model.after(ids.slice(0, index + 1)),
    });
  }
  return ids;
}

/**
 * Compares all disks of a machine at one moment.
 * @param repository - open
 * @param machine - name
 * @param at - the moment, and what the model says
 */
export async function verifyPoint(
  repository: Repository,
  machine: string,
  at: { readonly timeMicros: number; readonly disks: ReadonlyMap<string, ModelDisk> },
): Promise<void> {
  for (const [disk, { bytes, state }] of at.disks) {
    const view = await repository.openView({ machine, disk }, at.timeMicros, {
      isFillingAllowed: true,
    });
    assert.equal(view.sizeBytes, bytes.length);
    const content = Buffer.allocUnsafe(bytes.length);
    await view.read(content, 0);
    assert(content.equals(bytes), `${machine}/${disk} at ${at.timeMicros} holds other bytes`);
    await view.close();
    const opening = repository.openView({ machine, disk }, at.timeMicros);
    if (state === 'whole') await (await opening).close();
    else await assert.rejects(opening, isSecondwindError);
  }
}

/**
 * Lists the commits of a machine.
 * @param repository - open
 * @param machine - name; one that is not known has none
 */
export function pointsOf(repository: Repository, machine: string): readonly TimelinePoint[] {
  try {
    return repository.timeline({ machine, limit: 100_000 }).points;
  } catch (error) {
    if (isSecondwindError(error, 'UNKNOWN_MACHINE')) return [];
    throw error;
  }
}

/**
 * Which commit a point is of.
 * @param point - of a commit that the rig stored
 */
export function idOf(point: TimelinePoint): string {
  const bookmark = point.notes.find(({ kind }) => kind === 'bookmark');
  assert(bookmark !== undefined, 'every commit carries its name');
  return bookmark.text;
}

function assertSubsequence(found: readonly string[], allowed: readonly string[]): void {
  let at = 0;
  for (const id of found) {
    at = allowed.indexOf(id, at) + 1;
    assert(at > 0, `${id} was never tried, or is there twice, or out of order: ${found.join(' ')}`);
  }
}

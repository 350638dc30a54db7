import { SecondwindError } from '../../base/errors.ts';
import { openFileDisk } from '../../disk/file-disk.ts';
import { assertTargetUsable } from './assert-target-usable.ts';
import { inspectTarget } from './inspect-target.ts';
import { type OpenTarget, openTarget } from './open-target.ts';
import type { DiskTarget, FileTarget, RestoreOptions, RestoreReport } from './restore-options.ts';
import type { RestorePlan } from './restore-plan.ts';
import { RestoreRun } from './restore-run.ts';
import type { TargetInspection } from './target-inspection.ts';

/**
 * Writes a disk as it stood to a file, device or open disk. When it ends, all is on stable storage.
 * @param options - see RestoreOptions
 * @throws REFUSED, IN_USE, TARGET_TOO_SMALL, NOT_A_DISK, NOT_FOUND before anything is written; INTERRUPTED, NO_SPACE, IO_FAILED,
 *   and what reading the view throws: the target is then recognisable as unfinished, and restoring again finishes it
 */
export async function restoreDisk(options: RestoreOptions): Promise<RestoreReport> {
  const run = new RestoreRun(options);
  const target = await openChecked(options);
  try {
    return await run.carryOut(target);
  } finally {
    await target.close();
  }
}

/**
 * Compares a target with a view and tells what an in-place restore would write; changes nothing.
 * @param options - see RestoreOptions; `approve` is not asked
 * @throws as restoreDisk, before anything is written; NOT_FOUND when there is nothing to compare with
 */
export async function planInPlace(options: RestoreOptions): Promise<RestorePlan> {
  const run = new RestoreRun(options);
  if ('disk' in options.target) return (await run.plan(options.target.disk)).plan;
  const inspection = await inspectUsable(options, options.target);
  if (inspection.kind === 'nothing') {
    throw new SecondwindError('NOT_FOUND', { what: 'file or device', name: inspection.path });
  }
  const disk = await openFileDisk(inspection.resolvedPath, {
    clock: options.clock,
    isReadOnly: true,
  });
  try {
    return (await run.plan(disk)).plan;
  } finally {
    await disk.close();
  }
}

async function openChecked(options: RestoreOptions): Promise<OpenTarget> {
  const { target, view, clock, evenIf = [] } = options;
  if ('disk' in target) return lend(target, options);
  const inspection = await inspectUsable(options, target);
  return openTarget(inspection, { diskBytes: view.sizeBytes, evenIf, clock });
}

async function inspectUsable(
  options: RestoreOptions,
  target: FileTarget,
): Promise<TargetInspection> {
  const inspection = await inspectTarget(target.path, target.served);
  assertUsable(options, inspection);
  return inspection;
}

/** An open disk is its owner's to close, and was never a file with a name to be given. */
function lend({ disk, label }: DiskTarget, options: RestoreOptions): OpenTarget {
  const { sizeBytes } = disk;
  const where = { path: label, resolvedPath: label, kind: 'device', sizeBytes } as const;
  assertUsable(options, { ...where, identity: undefined, uses: [], unfinished: undefined });
  return {
    disk,
    state: 'existing',
    path: undefined,
    finish: async () => disk.flush(),
    close: async () => undefined,
  };
}

function assertUsable(options: RestoreOptions, inspection: TargetInspection): void {
  assertTargetUsable(inspection, {
    diskBytes: options.view.sizeBytes,
    isInPlace: options.mode === 'in-place',
    evenIf: options.evenIf ?? [],
  });
}

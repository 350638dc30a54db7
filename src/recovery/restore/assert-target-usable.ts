import { SecondwindError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { TargetInspection, TargetOverride } from './target-inspection.ts';

/** What is to happen to a target. */
export interface TargetIntent {
  /** Size of the disk to restore, bytes. */
  readonly diskBytes: number;
  /** Whether only differing blocks are written, which needs something there already. */
  readonly isInPlace: boolean;
  /** What the user insists on. */
  readonly evenIf: readonly TargetOverride[];
}

/**
 * Refuses a target that somebody would regret.
 * @param target - as inspected
 * @param intent - see TargetIntent
 * @throws IN_USE for what we serve ourselves; REFUSED with the option that allows it; TARGET_TOO_SMALL
 */
export function assertTargetUsable(target: TargetInspection, intent: TargetIntent): void {
  const served = target.uses.find((use) => use.kind === 'served');
  if (served !== undefined) {
    throw new SecondwindError('IN_USE', { what: target.path, reason: served.text });
  }
  for (const kind of ['mounted', 'in-use'] as const) {
    const texts = target.uses.filter((use) => use.kind === kind).map((use) => use.text);
    if (texts.length > 0) refuseUnless(intent, kind, `${target.path}: ${texts.join(', ')}`);
  }
  assertSize(target, intent);
  if (target.kind === 'file' && target.sizeBytes > 0 && !intent.isInPlace) {
    refuseUnless(intent, 'exists', `${target.path} exists and is not empty`);
  }
}

function assertSize(target: TargetInspection, intent: TargetIntent): void {
  if (target.kind === 'nothing' || target.sizeBytes === intent.diskBytes) return;
  if (target.kind === 'file' && target.sizeBytes === 0) return;
  const isSmaller = target.sizeBytes < intent.diskBytes;
  if (isSmaller && !canGrow(target, intent)) {
    const data = { targetBytes: target.sizeBytes, diskBytes: intent.diskBytes };
    throw new SecondwindError('TARGET_TOO_SMALL', { file: target.path, ...data });
  }
  const sizes = `${target.path} holds ${size(target.sizeBytes)}, the disk ${size(intent.diskBytes)}`;
  refuseUnless(intent, 'wrong-size', sizes);
}

function canGrow(target: TargetInspection, intent: TargetIntent): boolean {
  return target.kind === 'file' && intent.evenIf.includes('wrong-size');
}

function refuseUnless(intent: TargetIntent, override: TargetOverride, reason: string): void {
  if (intent.evenIf.includes(override)) return;
  throw new SecondwindError('REFUSED', { reason, option: `--even-if ${override}` });
}

function size(bytes: number): string {
  return bytes < 1024 ? formatBytes(bytes) : `${formatBytes(bytes)} (${bytes} bytes)`;
}

import { blockBytes } from '../../base/limits.ts';
import type { ObservedChange } from '../observed-change.ts';
import type { DiskCapture, MachineWindow } from './disk-capture.ts';

const unknownReason = 'writes could not be captured';

/**
 * Captures changes in the order of the list, in one step: no cut parts them. For that what is unknown comes first (it may
 * end the point before), and memory is looked for before anything is copied.
 * @param changes - of one disk
 * @param capture - of the same disk
 * @param machine - its machine's window
 */
export function observeChanges(
  changes: readonly ObservedChange[],
  capture: DiskCapture,
  machine: MachineWindow,
): void {
  for (const change of changes) {
    if (change.kind !== 'unknown') continue;
    capture.noteBegin(change.firstBlock, change.endBlock);
    capture.lost(change.firstBlock, change.endBlock, unknownReason);
  }
  if (capture.mode === 'capturing' && !machine.arena.canTake(blockCount(changes))) {
    machine.noteMemoryExhausted();
  }
  for (const change of changes) observe(change, capture, machine);
}

function blockCount(changes: readonly ObservedChange[]): number {
  const counts = changes.map((change) =>
    change.kind === 'data' ? Math.ceil(change.data.length / blockBytes) : 0,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function observe(change: ObservedChange, capture: DiskCapture, machine: MachineWindow): void {
  if (change.kind === 'data') {
    const { firstBlock, data } = change;
    capture.noteBegin(firstBlock, firstBlock + Math.ceil(data.length / blockBytes));
    capture.wrote(firstBlock, data);
  } else if (change.kind === 'zeroes') {
    const { firstBlock, endBlock } = change;
    capture.noteBegin(firstBlock, endBlock);
    if (capture.mode === 'marking') return capture.mark(firstBlock, endBlock);
    machine.noteWrite();
    // Not `zeroed`, which may cut.
    capture.window.putZeroes(firstBlock, endBlock);
  }
}

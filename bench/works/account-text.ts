import { formatCountOf } from '../../src/base/units.ts';
import type { CaptureAccount } from '../ours/tapped-disk.ts';

/** What became of a capture, in a few words: "protecting, queueing; 0 gaps". */
export function accountText({ states, gapCount }: CaptureAccount): string {
  return `${states.join(', ')}; ${formatCountOf(gapCount, 'gap')}`;
}

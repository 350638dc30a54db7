import type { RecoveryProgressSink } from '../recovery/progress-meter.ts';
import type { ActionContext } from './long-action.ts';

/**
 * Hands progress and interruption of a long action to the recovery below.
 * @param action - who waits for it
 */
export function watchRecovery(action: ActionContext): {
  readonly progress: RecoveryProgressSink;
  readonly signal: AbortSignal;
} {
  return {
    progress: ({ phase, doneBytes, totalBytes }) => {
      action.progress({ phase, done: doneBytes, total: totalBytes, unit: 'bytes' });
    },
    signal: action.signal,
  };
}

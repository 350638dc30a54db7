import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMicros: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  steadyMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await wait(durationMs, undefined, signal === undefined ? {} : { signal });
  },
};

import { availableParallelism } from 'node:os';

const threadsMin = 2;
const threadsMax = 16;

/** Worker threads for cutting, compressing and sealing: one for each processor, within reason. */
export function threadCount(): number {
  return Math.min(Math.max(availableParallelism(), threadsMin), threadsMax);
}

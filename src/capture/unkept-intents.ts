import type { RandomFile } from './random-file.ts';

/**
 * Stands for the intent map of a disk that is written to without us while we are away, and keeps nothing: what
 * we knew when we ended says nothing of what must be compared.
 */
export const unkeptIntents: RandomFile = {
  read: async () => 0,
  write: async () => undefined,
  sync: async () => undefined,
  sizeBytes: async () => 0,
  close: async () => undefined,
};

/** Chunk numbers are 1 to this; 0 means zeroes. 40 bits of 4 KiB and more are 4 PiB at least. */
export const chunkNumberMax: number = 2 ** 40;

/** Disk numbers are 1 to this. Disk and region number together then fit a safe integer. */
export const diskNumberMax: number = 2 ** 22;

/** Machine numbers are 1 to this. */
export const machineNumberMax: number = 2 ** 16;

/** Region numbers are below this: a disk of 1 PiB. */
export const regionCountMax: number = 2 ** 30;

/** Most deltas between a timeline entry and the whole one below it: bounds the steps of reading a region. */
export const deltaDepthMax: number = 7;

/** Rows handled between two turns of the event loop in walks that may be long. */
export const walkRowsPerTurn: number = 2000;

/** Rows staged in a writer before its owner should wait for a flush; a commit of 256 MiB of single blocks is about this. */
export const stagedRowsTarget: number = 100_000;

/** Newest regions that a writer remembers so that it need not read them back; about 0.5 KiB each. */
export const recentRegionsMax: number = 32_768;

/**
 * Chunk names gathered before they are entered into their table: some 10 MiB with those being entered, and a moment to read
 * them back at opening. Up to a million chunks that saves nine pages written of ten.
 */
export const recentNamesMax: number = 2 ** 17;

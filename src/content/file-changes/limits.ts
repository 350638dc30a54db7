/** Names on one volume that can be compared between two moments; each takes some 30 bytes of memory. */
export const comparedNamesMax: number = 5_000_000;

/** Names on one volume that may differ between two moments; each takes some 500 bytes of memory. */
export const differingNamesMax: number = 1_000_000;

/** Changes of files told at once. */
export const changedBatchFilesMax: number = 1000;

/** Limits of a mount. */

/** Longest single read, bytes; 256 pages are what the kernel allows at most. */
export const readBytesMax: number = 1024 * 1024;

/** Read-ahead requests that the kernel may have under way at once. */
export const backgroundRequestsMax: number = 32;

/** Files that are numbered for the kernel at once. Beyond it no more names are looked up until the kernel lets some go. */
export const nodesMax: number = 1_000_000;

/** Files and directories open at once. */
export const handlesMax: number = 4096;

/** Names of an open directory that are kept, so that a listing can go on where it stopped. */
export const directoryNamesMax: number = 2_000_000;

/** Seconds for which the kernel may believe what cannot change. */
export const steadyCacheSeconds: number = 3600;

/** Seconds for which it may believe what lives, such as the list of moments. */
export const liveCacheSeconds: number = 1;

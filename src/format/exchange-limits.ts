/** Largest body of one message, bytes: a commit of scattered blocks with 64 MiB of data names 16,384 chunks and takes less than 1 MiB. */
export const exchangeMessageBytesMax: number = 4 * 1024 * 1024;

/** Plain data of one commit on its way, bytes: the other side holds it in memory. */
export const exchangeCommitBytesMax: number = 64 * 1024 * 1024;

/** Chunks of one commit: one for each block of the largest. */
export const exchangeChunksMax: number = 16_384;

/** Longest name of a reason or file in a message, bytes. */
export const exchangeTextBytesMax: number = 1024;

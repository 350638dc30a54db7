/** Data of groups that may be on their way without a word that they arrived, bytes: what a cut makes the sender send again at most. */
export const exchangeWindowBytes: number = 8 * 1024 * 1024;

/** Data of commits of one machine that a receiver lets begin before earlier ones are stored, bytes; a larger commit goes alone. */
export const exchangeAdmittedBytesMax: number = 8 * 1024 * 1024;

/** Data of commits of all machines that a receiver holds in memory, bytes. */
export const exchangeInboxBytesMax: number = 512 * 1024 * 1024;

/** Commits that a sender may offer ahead of those that are stored. */
export const exchangeOffersMax: number = 8;

/** Time without a word after which a side asks whether the other is there, milliseconds. */
export const exchangePingMs: number = 10_000;

/** Time without a word after which a connection counts as dead, milliseconds. */
export const exchangeSilenceMsMax: number = 30_000;

/** Time for the first message of a connection, milliseconds. */
export const exchangeGreetingMsMax: number = 10_000;

/** Shortest wait before a sender connects again, milliseconds; it doubles up to the longest. */
export const exchangeRetryMsMin: number = 250;

/** Longest wait before a sender connects again, milliseconds. */
export const exchangeRetryMsMax: number = 15_000;

/** Disks of one machine that are compared at once. */
export const comparedDisksMax: number = 16;

/** Comparisons of one connection that are under way at once; each holds a region. */
export const comparisonsMax: number = 32;

/** Chunks of one machine that a receiver knows where to find again, some 200 bytes each. */
export const knownChunksMax: number = 8_192;

/** How long a receiver keeps what came of a commit after its connection was lost, milliseconds. */
export const exchangeKeepMs: number = 60_000;

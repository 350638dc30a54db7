/** Longest run of a program that checks a file system, milliseconds: those of large volumes read all their metadata. */
export const checkerMsMax: number = 30 * 60 * 1000;

/** Output of a program that is kept, bytes; what it writes beyond is counted by nobody. */
export const checkerOutputBytesMax: number = 64 * 1024;

/** Findings of one volume that are told and stored; all are counted. */
export const volumeFindingsMax: number = 200;

/** Results of health checks that are remembered for one machine, the newest ones. */
export const verificationsMax: number = 1000;

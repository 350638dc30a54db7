/** Longest run of a program that checks a file system, milliseconds: those of large volumes read all their metadata. */
export const checkerMsMax: number = 30 * 60 * 1000;

/** Output of a program that is kept, bytes; what it writes beyond is counted by nobody. */
export const checkerOutputBytesMax: number = 64 * 1024;

/** Findings of one volume that are told and stored; all are counted. */
export const volumeFindingsMax: number = 200;

/** Results of a machine's newest points among which that of one disk is looked for: status asks for each disk. */
export const verificationsLookedAtMax: number = 32;

/** Health checks that run by themselves. */
export const healthSchedulesMax: number = 1024;

/** Time between two looks whether a health check is due, milliseconds. */
export const healthLookMs: number = 60_000;

/** Longest health check that runs by itself, milliseconds: others wait for it. */
export const healthCheckMsMax: number = 12 * 60 * 60 * 1000;

/** How long a health check that nobody waits for may use the server's thread at a stretch before it rests as long, milliseconds. */
export const unhurriedMs: number = 20;

/** Results of health checks that are remembered for one machine, the newest ones. */
export const verificationsMax: number = 1000;

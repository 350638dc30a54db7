/** Disks that one program captures: slots of its table. */
export const kernelDisksMax = 32;

/** How often devices are looked at, milliseconds: whether they are there, are the same, and whether the program speaks. */
export const deviceLookMs = 1_000;

/**
 * Looks in a row without a word from the program after which it is given up. It speaks every 100 ms; counted in looks and not in
 * time, so that it is not blamed when we were held up ourselves.
 */
export const silentLooksMax = 20;

/** Longest wait before a program that ended is started again, milliseconds; the first is as long as one look. */
export const kernelRetryMsMax = 30_000;

/** Memory that a hold may take until its release, bytes: more was never seen, and is given up. */
export const heldBytesMax: number = 256 * 1024 * 1024;

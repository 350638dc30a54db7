/** One read of content, bytes: more than the system holds of a local socket at once. */
export const contentReadBytes: number = 256 * 1024;

/** Longest head of an answer of our own server, bytes: its trailers hold an error. */
export const answerHeadBytesMax: number = 64 * 1024;

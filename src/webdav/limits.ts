/** Limits of the WebDAV endpoint. */

/** Connections at once; beyond it new ones are refused. */
export const connectionsMax: number = 256;

/** Longest body of a request that is read and thrown away, bytes: PROPFIND may say which properties it wants. */
export const requestBodyBytesMax: number = 64 * 1024;

/** Longest path, bytes of its percent-encoded form. */
export const pathBytesMax: number = 16 * 1024;

/** Parts of a path. */
export const pathPartsMax: number = 512;

/** Content read and sent in one piece, bytes. */
export const contentPieceBytes: number = 1024 * 1024;

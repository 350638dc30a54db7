/**
 * Numbers of the FUSE protocol that we speak.
 * @source linux/fuse.h, version 7.38
 */

/** Version of the protocol that we speak; the kernel falls back to ours when its own is newer. */
export const protocolVersion = { major: 7, minor: 31 } as const;

/** What the kernel asks for. What changes anything is answered by "read-only file system" and needs no name. */
export const operation = {
  lookup: 1,
  forget: 2,
  getAttributes: 3,
  readLink: 5,
  open: 14,
  read: 15,
  statistics: 17,
  release: 18,
  getExtended: 22,
  listExtended: 23,
  flush: 25,
  initialise: 26,
  openDirectory: 27,
  readDirectory: 28,
  releaseDirectory: 29,
  access: 34,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  seek: 46,
} as const;

/** Operations that would change something: SETATTR, SYMLINK, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK, WRITE, SETXATTR, REMOVEXATTR, CREATE, FALLOCATE, RENAME2, COPY_FILE_RANGE, TMPFILE. */
export const changingOperations: ReadonlySet<number> = new Set([
  4, 6, 8, 9, 10, 11, 12, 13, 16, 21, 24, 35, 43, 45, 47, 51,
]);

/** Abilities agreed on at the start. */
export const ability = {
  asynchronousRead: 0x1,
  exportSupport: 0x10,
  parallelDirectories: 0x4_0000,
  maxPages: 0x40_0000,
  cacheLinks: 0x80_0000,
} as const;

/** How the kernel may cache what was opened. */
export const openFlag = { keepCache: 2, cacheDirectory: 8 } as const;

/** Errors of Linux that we answer with. */
export const errno = {
  noSuchFile: 2,
  inputOutput: 5,
  noSuchAddress: 6,
  accessDenied: 13,
  notADirectory: 20,
  invalid: 22,
  tooManyFiles: 23,
  readOnly: 30,
  outOfRange: 34,
  notImplemented: 38,
  noData: 61,
  damaged: 117,
} as const;

/** Type bits of a mode, as in stat(2), by what a file is. */
export const modeBits = {
  file: 0o100000,
  directory: 0o040000,
  link: 0o120000,
  'block-device': 0o060000,
  'character-device': 0o020000,
  pipe: 0o010000,
  socket: 0o140000,
  other: 0o100000,
} as const;

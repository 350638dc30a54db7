/**
 * Every number of the NBD protocol that we speak.
 * @source NetworkBlockDevice/nbd doc/proto.md, "Values"
 */

/** First eight bytes of a server's greeting: "NBDMAGIC". */
export const greetingMagic: bigint = 0x4e42444d41474943n;

/** "IHAVEOPT", the second eight bytes of the greeting and the start of each option. */
export const optionMagic: bigint = 0x49484156454f5054n;

/** Start of each reply to an option. */
export const optionReplyMagic: bigint = 0x3e889045565a9n;

/** Start of each request. */
export const requestMagic: number = 0x25609513;

/** Start of a simple reply. */
export const simpleReplyMagic: number = 0x67446698;

/** Start of each chunk of a structured reply. */
export const structuredReplyMagic: number = 0x668e33ef;

/** Handshake flags of the server; the client's flags of the same meaning have the same bits. */
export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

/** What an export can do, told at the end of the handshake ("Transmission flags"). */
export const transmissionFlag = {
  hasFlags: 1,
  readOnly: 2,
  sendFlush: 4,
  sendFua: 8,
  sendTrim: 32,
  sendWriteZeroes: 64,
  sendDf: 128,
  canMultiConn: 256,
  sendCache: 1024,
  sendFastZero: 2048,
} as const;

/** Options of the handshake ("Option types"). */
export const option = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

/** Kinds of reply to an option ("Option reply types"); errors have the highest bit set. */
export const optionReply = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  errorUnsupported: 0x80000001,
  errorPolicy: 0x80000002,
  errorInvalid: 0x80000003,
  errorUnknown: 0x80000006,
  errorShutdown: 0x80000007,
  errorTooBig: 0x80000009,
} as const;

/** Kinds of information about an export. */
export const information = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

/** Commands of the transmission phase ("Request types"). */
export const command = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

/** Flags of a request ("Command flags"). */
export const commandFlag = {
  forceUnitAccess: 1,
  noHole: 2,
  dontFragment: 4,
  requestOne: 8,
  fastZero: 16,
} as const;

/** Flag of a chunk that is the last one of its reply. */
export const chunkDone: number = 1;

/** Kinds of chunk ("Structured reply types"); errors have bit 15 set. */
export const chunk = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  error: 0x8001,
  errorOffset: 0x8002,
} as const;

/** Error numbers of replies ("Error values"): the protocol's own, whatever the system calls them. */
export const errorNumber = {
  none: 0,
  notPermitted: 1,
  io: 5,
  noMemory: 12,
  invalid: 22,
  noSpace: 28,
  overflow: 75,
  notSupported: 95,
  shutdown: 108,
} as const;

/** The one metadata context we offer ("base:allocation metadata context"). */
export const allocationContext: string = 'base:allocation';

/** Status bits of base:allocation. */
export const allocationState = { hole: 1, zero: 2 } as const;

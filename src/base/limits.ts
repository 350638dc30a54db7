/**
 * Every size, count and time that bounds outside data, queues and caches, with unit and reason.
 * Sizes that are part of the format (they can never change for old data) stand first.
 */

/** Smallest unit of change on a disk, bytes. Also the page size of the systems we protect. */
export const blockBytes: number = 4096;

/** Span of a disk that one timeline entry describes, bytes. */
export const regionBytes: number = 1024 * 1024;

/** Blocks in a region. */
export const regionBlocks: number = regionBytes / blockBytes;

/** Largest disk accepted, bytes: 1 PiB keeps region numbers in 32 bits and offsets far inside safe integers. */
export const diskBytesMax: number = 2 ** 50;

/** Longest machine or disk name, bytes of UTF-8. */
export const nameBytesMax: number = 128;

/** A segment is closed when it has grown to this size, bytes. */
export const segmentBytesTarget: number = 256 * 1024 * 1024;

/** A segment may overshoot its target by what was under way, but never reaches this size, bytes; offsets stay in 32 bits. */
export const segmentBytesMax: number = 1024 * 1024 * 1024;

/** Shortest chunk, blocks; a shorter one only ends a run. */
export const chunkBlocksMin: number = 2;

/** Longest chunk, blocks. */
export const chunkBlocksMax: number = 64;

/** Chunks are compressed together until a group holds this many bytes of plain data. */
export const groupBytesTarget: number = 256 * 1024;

/** Largest plain group, bytes: the target and one longest chunk. */
export const groupBytesMax: number = groupBytesTarget + chunkBlocksMax * blockBytes;

/** Part of a group's data that is kept in memory by itself, bytes: what one small read of a view brings there. */
export const pageBytes: number = 64 * 1024;

/** Pages that one read of a view holds at once; larger reads go in steps. At most 16 MiB, so that several fit beside each other. */
export const loadPagesMax: number = 256;

/** Pages of views that are read through once that stay in memory, in use or not: 32 MiB, so that what two reads share is opened once. */
export const passingPagesMax: number = 512;

/** Read of a group that is opened alone, bytes: two of three entries of a real image are shorter, and the rest of the others takes another read. */
export const loneReadBytes: number = 128 * 1024;

/** Such reads under way at once; a disk is quicker with several, and each holds memory. */
export const loneReadsMax: number = 32;

/** Largest commit record, bytes of plain encoding; larger changes are cut into several commits by the source. */
export const commitBytesMax: number = 64 * 1024 * 1024;

/** Static buffer that zeroes are written from and compared with, bytes. */
export const zeroPieceBytes: number = 1024 * 1024;

/** Largest disk request done in the caller's own turn, bytes: from the page cache it takes 10-30 µs, the thread pool 40-100. */
export const syncBytesMax: number = 256 * 1024;

/** A disk request in the caller's own turn that took longer did not come from the page cache, milliseconds. */
export const syncSlowMs: number = 0.25;

/** What a quick disk request in the caller's own turn saves over the thread pool, milliseconds. */
export const syncGainMs: number = 0.03;

/** Saved time that slow requests may spend before the next ones go to the thread pool, milliseconds: bounds a stall. */
export const syncSavedMsMax: number = 8;

/** How long requests go to the thread pool after slow ones, milliseconds; doubles while trials are slow again. */
export const syncPauseMsMin: number = 10;

/** Longest pause between trials in the caller's own turn, milliseconds. */
export const syncPauseMsMax: number = 1280;

/** Questions a wrapper asks the disk below for one answer of extents; the rest is left to the next question. */
export const extentQuestionsMax: number = 256;

/** Longest text that is read as a time, characters; people write a few dozen at most. */
export const timeTextCharactersMax: number = 100;

/** Longest path of a Unix socket, bytes: what the kernel's sun_path holds before its closing zero. */
export const unixSocketPathBytesMax: number = 107;

/** Longest value in one field of a log line, characters; the rest is cut, so that no peer can fill our log. */
export const logValueCharactersMax: number = 4096;

/** Unit of the memory that captured blocks wait in, bytes: one region. */
export const slabBytes: number = regionBytes;

/** Memory that captured blocks may take until they are stored, bytes; beyond it they are spooled. */
export const captureMemoryBytesMax: number = 256 * 1024 * 1024;

/** Disk space that captured blocks may take until they are stored, bytes; beyond it only dirty regions are noted. */
export const spoolBytesMax: number = 4 * 1024 * 1024 * 1024;

/**
 * Captured data stored while the protected disks are busy, bytes a second: more than the 100 MB/s up to which the lag stays
 * within its aim, and little enough to leave the processor to whoever serves the disks.
 */
export const storePaceBytesPerSecond: number = 128 * 1024 * 1024;

/** Part of the spool in use from which on captured data is stored as fast as can be, so that no gap comes of going easy. */
export const storePaceSpoolShare = 0.5;

/** Data of one commit of a tapped machine, bytes; more is cut into several commits. */
export const windowBytesMax: number = 32 * 1024 * 1024;

/** Runs of zeroes in one commit of a tapped disk. */
export const windowZeroRunsMax: number = 16_384;

/** Zeroed span in one commit of a tapped disk, bytes: every region of it costs an entry on the timeline. */
export const windowZeroBytesMax: number = 16 * 1024 * 1024 * 1024;

/** Commits that wait to be stored, for one machine; each costs memory even when it is small. */
export const cutQueueMax: number = 16_384;

/** Shortest wait before a failed append is tried again, milliseconds; it doubles up to the longest. */
export const appendRetryMsMin: number = 1_000;

/** Longest wait before a failed append is tried again, milliseconds. */
export const appendRetryMsMax: number = 10_000;

/** Extents that may stay marked in an intent map before the longest untouched are cleared: bounds what a crash costs. */
export const intentActiveAim: number = 1_024;

/** Marked extents that one sweep looks at: a first image of a large disk marks millions, and the event loop must go on. */
export const intentSweepExtentsMax: number = 8_192;

/** Attempts to write an intent map before the write that needs it fails. */
export const intentWriteAttemptsMax: number = 3;

/** Regions that one resync reads and compares at once. */
export const resyncRegionsMax: number = 4;

/** Regions that one scan reads and compares at once. */
export const scanRegionsMax: number = 16;

/** Changed data of one commit of a scan, bytes. */
export const scanCommitBytes: number = 16 * 1024 * 1024;

/** Commits of one scan that are being stored at once. */
export const scanAppendsMax: number = 8;

/** Largest data of one NBD request, bytes: what the protocol tells clients to count on at most ("Size constraints"). */
export const nbdPayloadBytesMax: number = 32 * 1024 * 1024;

/** Longest NBD string, an export name above all, bytes: the protocol's own limit ("Values"). */
export const nbdStringBytesMax: number = 4096;

/** Largest data of one NBD option, bytes: a longest name with a few queries of metadata contexts. */
export const nbdOptionBytesMax: number = 16 * 1024;

/** Options an NBD client may send before it chooses an export. */
export const nbdOptionsMax: number = 256;

/** Metadata queries read from one NBD option. */
export const nbdQueriesMax: number = 64;

/** Replies to options that may wait for an NBD client to read them, bytes. */
export const nbdHandshakeUnsentBytesMax: number = 1024 * 1024;

/** Time for the whole handshake of an NBD client, milliseconds; well-behaved ones need a few. */
export const nbdHandshakeMsMax: number = 10_000;

/** NBD clients in the handshake at once on one listener; the one waiting longest makes room for a newcomer. */
export const nbdHandshakesMax: number = 64;

/** NBD clients using an export at once on one listener. */
export const nbdConnectionsMax: number = 256;

/** Exports of one NBD listener. */
export const nbdExportsMax: number = 1024;

/** Requests of one NBD connection being carried out at once; the kernel's client sends at most 128. */
export const nbdRequestsInFlightMax: number = 256;

/** Data of one NBD connection being carried out or waiting to be read by the client, bytes; one request may overshoot. */
export const nbdBytesInFlightMax: number = 32 * 1024 * 1024;

/** Time in which an NBD client that owes us a read must take at least one byte, milliseconds. */
export const nbdSendStallMsMax: number = 60_000;

/** Time for one NBD request to arrive whole, milliseconds. */
export const nbdRequestMsMax: number = 120_000;

/** Time for requests under way to end when an NBD export is withdrawn, milliseconds. */
export const nbdDrainMsMax: number = 10_000;

/** How often NBD connections are looked at for the times above, milliseconds. */
export const nbdSweepMs: number = 1_000;

/** Extents in one answer to an NBD block status request. */
export const nbdDescriptorsMax: number = 16_384;

/** Chunks that a read is split into to leave out its holes; with more holes it is sent as one. */
export const nbdReadPiecesMax: number = 64;

/** Memory an NBD connection receives into and gathers replies in, bytes each. */
export const nbdBufferBytes: number = 256 * 1024;

/** Largest read that is gathered with other replies, bytes; larger ones have a buffer of their own. */
export const nbdGatheredReadBytesMax: number = 64 * 1024;

/** Idle buffers one NBD listener keeps for the next large request, bytes. */
export const nbdIdleBytesMax: number = 32 * 1024 * 1024;

/** How long an NBD listener looks for the next request before it sleeps, milliseconds, while requests follow each other quickly. */
export const nbdPollMs: number = 0.05;

/** A turn of the event loop that took longer while looking for requests lost the processor to others, milliseconds. */
export const nbdPollLostMs: number = 0.5;

/** How long an NBD listener sleeps as usual after it lost the processor, milliseconds: who spins is the first to be put off. */
export const nbdPollPauseMs: number = 250;

/** Longest passphrase, characters. */
export const passphraseCharactersMax: number = 1024;

/** Largest body of an HTTP request, bytes: orders are a few hundred. */
export const requestBodyBytesMax: number = 64 * 1024;

/** Longest URL of an HTTP request, characters. */
export const requestUrlCharactersMax: number = 4096;

/** Connections to the local socket at once. */
export const apiConnectionsMax: number = 200;

/** Points of a timeline that are read in one go, while served disks wait. */
export const timelinePageMax: number = 500;

/** Points of one timeline answer, when no other limit is asked for, and at most. */
export const timelinePointsMax: number = 10_000;

/** Views that are open at once. */
export const openViewsMax: number = 256;

/** Mounts, and likewise WebDAV endpoints, of one server. */
export const mountsMax: number = 16;

/** Disks that one server protects. */
export const protectedDisksMax: number = 1024;

/** Shortest time between two progress lines of a long action, milliseconds. */
export const progressIntervalMs: number = 200;

/** One read and write of a restore or comparison, bytes: aligned to regions, so that what was decoded is used once. */
export const recoveryPieceBytes: number = regionBytes;

/** Pieces of a restore or comparison under way at once; each holds at most two buffers, so 32 MiB together. */
export const recoveryLanesMax: number = 16;

/** Hole between data that is copied with it, bytes: below this, writing zeroes is cheaper than another write. */
export const shortHoleBytes: number = 32 * 1024;

/** Span for which a disk is asked at once where its holes are, bytes. */
export const extentSpanBytes: number = 64 * 1024 * 1024;

/** Zeroes written in one step of a restore over something that exists, bytes. */
export const zeroStepBytes: number = 8 * 1024 * 1024;

/** Data restored to a new file between two calls that bring it to stable storage, bytes, so that the last one is short. */
export const restoreSyncBytes: number = 256 * 1024 * 1024;

/** Head of a disk that is written last and marks an unfinished restore meanwhile, bytes: every boot record and superblock begins in it. */
export const restoreHeadBytes: number = regionBytes;

/** Ranges listed in a plan or difference; totals count all. */
export const rangesListedMax: number = 10_000;

/** Block devices one on the other (loop, partition, RAID, LVM, encryption) that are looked through for users. */
export const deviceLayersMax: number = 16;

/** Longest wait for what was captured a moment ago to be stored, before a view shows what is stored already, milliseconds. */
export const settleMsMax: number = 5_000;

/** Largest list of changed blocks of a kept overlay, bytes: 16 million runs, which no overlay of a few TiB comes to. */
export const keptMapBytesMax: number = 256 * 1024 * 1024;

/** Image data that an analysis cuts and compresses in one step, bytes: as much as a commit's batch holds. */
export const analysisPieceBytes: number = 4 * 1024 * 1024;

/** Places for chunk names in an analysis, 13 bytes each: 208 MiB, enough for 400 GB of unique data; beyond it, a sample is counted. */
export const analysisNamePlacesMax: number = 2 ** 24;

/** New data that an analysis compresses at least before it goes over to a sample, bytes. */
export const analysisMeasuredBytesMin: number = 512 * 1024 * 1024;

/** Part of the new data of large images that an analysis compresses: whole groups, evenly spread; a quarter was within 0.4 % of all. */
export const analysisMeasuredShareMin: number = 0.1;

/** Longest line from a guest's monitor or agent, bytes: a list of a thousand disks takes about one. */
export const guestLineBytesMax: number = 4 * 1024 * 1024;

/** Commands to a guest that wait for their answer at once; we send one after the other, and a few that look. */
export const guestCommandsMax: number = 64;

/** Longest wait for an answer from a guest's monitor, milliseconds: QEMU may first have to wait for its own storage. */
export const guestAnswerMsMax: number = 10_000;

/** Disks of one guest. */
export const guestDisksMax: number = 256;

/** Guests that one server protects. */
export const guestsMax: number = 256;

/** Longest that one read from a guest's image may take, milliseconds: a write of the guest may wait for it. */
export const sourceReadMsMax: number = 2_000;

/** How long a guest's image is kept open for reading after the last read, milliseconds. */
export const sourceIdleMs: number = 300_000;

/** Time between two looks at a guest that is mirrored, milliseconds: what is not noticed by itself is noticed then. */
export const guestLookMs: number = 1_000;

/** Time between two looks for new, removed and resized disks of a guest, milliseconds. */
export const guestDisksLookMs: number = 5_000;

/** Shortest wait before a guest that does not answer is tried again, milliseconds; it doubles up to the longest. */
export const guestRetryMsMin: number = 500;

/** Longest wait before a guest that does not answer is tried again, milliseconds. */
export const guestRetryMsMax: number = 5_000;

/** Spans of time of which it is known that a disk was mirrored without a break; older ones no commit waits for. */
export const mirroredSpansMax: number = 64;

/** Longest that the applications of a guest are held still for a point, milliseconds. */
export const quiesceMsMax: number = 10_000;

/** Attempts to let a guest's applications go on. */
export const thawAttemptsMax: number = 5;

/** Symbolic links followed on the way to one file: what Linux allows (MAXSYMLINKS). */
export const symbolicLinksMax: number = 40;

/** One read of a file's content on its way out, bytes. */
export const contentPieceBytes: number = 1024 * 1024;

/** Pieces of a content that are read before they are asked for. */
export const contentPiecesAhead: number = 3;

/** Trees of opened file systems that are kept for the next question; each may hold 32 MiB of metadata for each volume. */
export const openedTreesMax: number = 8;

/** Files that one pattern may match. */
export const globMatchesMax: number = 100_000;

/** Directories entered on one walk; each is remembered, so that none is entered twice: some 100 bytes each. */
export const walkedDirectoriesMax: number = 4_000_000;

/** Longest payload of one frame of file content between server and command line, bytes. */
export const contentFrameBytesMax: number = 4 * 1024 * 1024;

/** Contents asked for at once. */
export const contentItemsMax: number = 256;

/** Longest alternate data stream that comes along with a file's metadata, bytes: what fits into an extended attribute. */
export const shortStreamBytesMax: number = 64 * 1024;

/** Files told of in one batch of a copy: their attributes may be long. */
export const copyBatchFilesMax: number = 256;

/** Paths and patterns in one order to copy. */
export const copyPathsMax: number = 1000;

/** Files of a copy that are not copied and told by name; all are counted. */
export const copyTroublesMax: number = 1000;

/** Files named as examples of something that a copy lost. */
export const copyExamplesMax: number = 10;

/** Files whose contents a copy asks for together; each is open meanwhile. */
export const copyQueueFilesMax: number = 128;

/** Contents that a copy asks for together, bytes, if more than one file. */
export const copyQueueBytesMax: number = 32 * 1024 * 1024;

/** Changes looked through for one version of a file, before the search goes on by halving the time. */
export const versionMomentsMax: number = 1_000_000;

/** Versions of one file in one answer. */
export const fileVersionsMax: number = 1000;

/** Longest content that is read to tell whether two versions differ, bytes. */
export const comparedContentBytesMax: number = 64 * 1024 * 1024;

/** Longest file in which a system keeps where it shows its volumes, bytes: the registry of a large Windows server takes some 100 MiB. */
export const systemTableBytesMax: number = 512 * 1024 * 1024;

/** Time between two looks at what was captured, to read the names of files, milliseconds. */
export const nameIndexIntervalMs: number = 15 * 60 * 1000;

/** Changed spans of a volume that are looked at one by one; beyond it, walking everything is cheaper. */
export const changedRangesMax: number = 200_000;

/** Names that one search gives out at most. */
export const namesFoundMax: number = 100_000;

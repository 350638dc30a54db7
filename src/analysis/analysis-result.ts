/** Chunks that occur about as often, and what storing them once saves. */
export interface DuplicateClass {
  /** Fewest and most occurrences in this class. */
  readonly fromCount: number;
  readonly toCount: number;
  /** Different chunks in it. */
  readonly chunkCount: number;
  /** Bytes that are not stored because they occurred before. */
  readonly savedBytes: number;
}

/** One analysed image. */
export interface AnalysedDisk {
  /** Name for people. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Of these, zeroes and holes. */
  readonly zeroBytes: number;
}

/** What a store of these images is expected to hold, bytes. */
export interface ExpectedStore {
  /** Compressed and encrypted chunks. */
  readonly dataBytes: number;
  /** Commits and lists of contents. */
  readonly recordBytes: number;
  /** Indexes; they can be rebuilt. */
  readonly indexBytes: number;
  /** All of it. */
  readonly totalBytes: number;
}

/** What an analysis found. Plain data, fit for JSON. */
export interface AnalysisResult {
  readonly disks: readonly AnalysedDisk[];
  /** All images together, bytes. */
  readonly logicalBytes: number;
  /** Zeroes and holes, which cost nothing, bytes. */
  readonly zeroBytes: number;
  /** Chunks that are not zeroes, every occurrence counted. */
  readonly chunkCount: number;
  /** Different chunks. */
  readonly uniqueChunkCount: number;
  /** Average length of the different chunks, bytes. */
  readonly averageChunkBytes: number;
  /** Bytes of the different chunks. */
  readonly uniqueBytes: number;
  /** Data (zeroes left out) by different data; 1 where there is none. */
  readonly deduplicationRatio: number;
  /** Different data by what it takes compressed; 1 where there is none. */
  readonly compressionRatio: number;
  /** All bytes by the expected store. */
  readonly totalRatio: number;
  readonly store: ExpectedStore;
  readonly duplicates: readonly DuplicateClass[];
  /** One in how many chunk names was counted: 1 is all; beyond the memory allowed, it is a sample. */
  readonly namesCountedOneIn: number;
  /** Part of the different data that was compressed to find the ratio, 0 to 1. */
  readonly compressedShare: number;
  /** Most memory that names and buffers took, bytes. */
  readonly memoryBytes: number;
  /** Time it took, milliseconds. */
  readonly elapsedMs: number;
}

import type { Clock } from '../base/clock.ts';
import {
  analysisMeasuredBytesMin,
  analysisMeasuredShareMin,
  analysisNamePlacesMax,
  analysisPieceBytes,
  blockBytes,
  extentSpanBytes,
} from '../base/limits.ts';
import type { Random } from '../base/random.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import { type CutResult, spanWords } from '../pipeline/cut.ts';
import type { Pipeline } from '../pipeline/operation-table.ts';
import { type DiskPiece, piecesOf } from '../recovery/disk-pieces.ts';
import { ProgressMeter, type RecoveryProgressSink } from '../recovery/progress-meter.ts';
import { runLanes } from '../recovery/run-lanes.ts';
import type { AnalysisResult } from './analysis-result.ts';
import { CompressionSample, type NewChunks } from './compression-sample.ts';
import { duplicateTotals } from './duplicate-classes.ts';
import { expectedStore } from './expected-store.ts';
import { NameCounts, placeBytes } from './name-counts.ts';

/** An image to analyse. */
export interface AnalysisInput {
  /** Name for people. */
  readonly name: string;
  /** Only read; borrowed. */
  readonly disk: ReadableDisk;
}

/** What to analyse, and how. */
export interface AnalysisOptions {
  readonly disks: readonly AnalysisInput[];
  /** Cuts and seals. */
  readonly pipeline: Pipeline;
  /** zstd level that the repository would use. */
  readonly compressionLevel: number;
  /** Makes the key of the names. */
  readonly random: Random;
  readonly clock: Clock;
  /** Memory for chunk names, bytes; analysisNamePlacesMax places when left out. */
  readonly nameBytesMax?: number | undefined;
  /** Part of the different data to compress, over 0 to 1; all of small images and a sample of large ones when left out. */
  readonly compressedShare?: number | undefined;
  readonly progress?: RecoveryProgressSink | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A piece of one of the images. */
interface Work {
  readonly diskIndex: number;
  readonly piece: DiskPiece;
}

/**
 * Reads images and says what a repository would make of them, with the very code that stores them; writes nothing.
 * @param options - see AnalysisOptions
 * @throws INTERRUPTED, and what reading the images throws
 */
export async function analyseImages(options: AnalysisOptions): Promise<AnalysisResult> {
  return new Analysis(options).run();
}

class Analysis {
  readonly #options: AnalysisOptions;
  readonly #meter: ProgressMeter;
  readonly #names: NameCounts;
  readonly #sample: CompressionSample;
  readonly #nameKey = new Uint8Array(32);
  readonly #zeroBytes: number[];
  readonly #logicalBytes: number;
  #chunkCount = 0;
  #dataBytes = 0;

  constructor(options: AnalysisOptions) {
    const { disks, pipeline, compressionLevel, clock, progress } = options;
    this.#options = options;
    this.#meter = new ProgressMeter(clock, progress);
    this.#names = new NameCounts(placesFor(options.nameBytesMax));
    this.#zeroBytes = disks.map(() => 0);
    this.#logicalBytes = disks.reduce((sum, { disk }) => sum + disk.sizeBytes, 0);
    const share = options.compressedShare ?? defaultShare(this.#logicalBytes);
    this.#sample = new CompressionSample(pipeline, compressionLevel, share);
    options.random.fill(this.#nameKey);
  }

  async run(): Promise<AnalysisResult> {
    const { clock, pipeline, signal } = this.#options;
    const startMs = clock.steadyMs();
    // One piece in each thread, one on its way to it, and one being read.
    const laneCount = pipeline.width * 2 + 1;
    const lanes = Array.from(
      { length: laneCount },
      () => new SharedArrayBuffer(analysisPieceBytes),
    );
    this.#meter.start('Analysing', this.#logicalBytes);
    const work = (item: Work, buffer: SharedArrayBuffer): Promise<void> => this.#step(item, buffer);
    await runLanes(this.#works(), work, { lanes, action: 'Analysing', signal });
    return this.#result(clock.steadyMs() - startMs, laneCount * analysisPieceBytes);
  }

  async *#works(): AsyncGenerator<Work, void> {
    const shape = { dataBytes: analysisPieceBytes, holeBytes: extentSpanBytes };
    for (const [diskIndex, { disk }] of this.#options.disks.entries()) {
      const whole = [{ offsetBytes: 0, lengthBytes: disk.sizeBytes }];
      for await (const piece of piecesOf(disk, whole, shape)) yield { diskIndex, piece };
    }
  }

  async #step({ diskIndex, piece }: Work, buffer: SharedArrayBuffer): Promise<void> {
    const { lengthBytes } = piece;
    if (piece.isHole) this.#zeroBytes[diskIndex]! += lengthBytes;
    else await this.#stepData(diskIndex, piece, buffer);
    this.#meter.add(lengthBytes);
  }

  async #stepData(diskIndex: number, piece: DiskPiece, buffer: SharedArrayBuffer): Promise<void> {
    const { offsetBytes, lengthBytes } = piece;
    const { disks, pipeline } = this.#options;
    const blockCount = Math.ceil(lengthBytes / blockBytes);
    const bytes = new Uint8Array(buffer, 0, blockCount * blockBytes);
    bytes.fill(0, lengthBytes);
    await disks[diskIndex]!.disk.read(bytes.subarray(0, lengthBytes), offsetBytes);
    const runs = Uint32Array.of(0, 0, blockCount);
    const firstBlocks = Float64Array.of(offsetBytes / blockBytes);
    const job = { buffers: [buffer], runs, firstBlocks, nameKey: this.#nameKey };
    const cut = await pipeline.run('cut', job, 'store');
    await this.#sample.offer(this.#count(cut, buffer, { diskIndex, lengthBytes }));
  }

  /** Counts the pieces of a cut, and returns the chunks that occur for the first time. */
  #count(
    cut: CutResult,
    buffer: SharedArrayBuffer,
    from: { readonly diskIndex: number; readonly lengthBytes: number },
  ): NewChunks {
    const fresh: NewChunks = { buffer, places: [], names: [] };
    for (let index = 0; index < cut.areZero.length; index++) {
      const at = cut.pieces[index * spanWords + 1]!;
      const blockCount = cut.pieces[index * spanWords + 2]!;
      if (cut.areZero[index] === 1) {
        const endBytes = Math.min(at + blockCount * blockBytes, from.lengthBytes);
        this.#zeroBytes[from.diskIndex]! += endBytes - at;
        continue;
      }
      this.#chunkCount += 1;
      this.#dataBytes += blockCount * blockBytes;
      const nameAt = index * chunkNameBytes;
      if (this.#names.add(cut.names, nameAt, blockCount) !== 'new') continue;
      fresh.places.push(at, blockCount);
      fresh.names.push(cut.names.subarray(nameAt, nameAt + chunkNameBytes));
    }
    return fresh;
  }

  #result(elapsedMs: number, bufferBytes: number): AnalysisResult {
    const { uniqueChunkCount, uniqueBytes, classes } = duplicateTotals(this.#names);
    const { sealedPerPlain, takenShare } = this.#sample;
    const logicalBytes = this.#logicalBytes;
    const chunkCount = this.#chunkCount;
    const dataBytes = Math.round(uniqueBytes * sealedPerPlain);
    const store = expectedStore({ dataBytes, chunkCount, uniqueChunkCount, logicalBytes });
    return {
      disks: this.#options.disks.map(({ name, disk: { sizeBytes } }, index) => {
        return { name, sizeBytes, zeroBytes: this.#zeroBytes[index]! };
      }),
      logicalBytes,
      zeroBytes: this.#zeroBytes.reduce((sum, bytes) => sum + bytes, 0),
      chunkCount,
      uniqueChunkCount,
      averageChunkBytes: Math.round(uniqueBytes / Math.max(uniqueChunkCount, 1)),
      uniqueBytes,
      deduplicationRatio: ratio(this.#dataBytes, uniqueBytes),
      compressionRatio: ratio(uniqueBytes, dataBytes),
      totalRatio: ratio(logicalBytes, store.totalBytes),
      store,
      duplicates: classes,
      namesCountedOneIn: this.#names.sampledOneIn,
      compressedShare: takenShare,
      memoryBytes: this.#names.peakBytes + bufferBytes,
      elapsedMs: Math.round(elapsedMs),
    };
  }
}

function placesFor(nameBytesMax: number = analysisNamePlacesMax * placeBytes): number {
  return 2 ** Math.max(4, Math.floor(Math.log2(nameBytesMax / placeBytes)));
}

function defaultShare(logicalBytes: number): number {
  const share = analysisMeasuredBytesMin / Math.max(logicalBytes, 1);
  return Math.min(1, Math.max(analysisMeasuredShareMin, share));
}

function ratio(of: number, by: number): number {
  return by === 0 ? 1 : of / by;
}

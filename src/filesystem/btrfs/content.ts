import { strict as assert } from 'node:assert';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { decompress, plainBytesMax } from './decompress.ts';
import type { InlineExtent, RegularExtent } from './file-extent.ts';
import { type FilePiece, pieceAt } from './file-pieces.ts';
import type { BtrfsFile } from './files.ts';
import type { SectorReader } from './sector-reader.ts';

/** Bytes read and verified at once. */
const stepBytes = 1024 * 1024;
/** Most holes and pieces of data told in one answer of `extents`. */
const extentsMax = 1024;

/** Content of a file: whole or compressed extents, pieces in the tree, holes; verified where the file has checksums. */
export class BtrfsContent implements ReadableDisk {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #file: BtrfsFile;
  readonly #sectors: SectorReader;
  readonly #structure: string;
  /** The compressed extent that was unpacked last: readers go on where they were. */
  #unpacked: { readonly logicalBytes: number; readonly plain: Uint8Array } | undefined;

  /**
   * @param file - a regular file
   * @param sectors - reads its volume
   */
  constructor(file: BtrfsFile, sectors: SectorReader) {
    this.#file = file;
    this.#sectors = sectors;
    this.#structure = `${file.tree.structure}, inode ${file.place.inode}, content`;
    this.sizeBytes = file.inode.status.sizeBytes;
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    for (let done = 0; done < target.length; ) {
      const found = pieceAt(this.#file, offsetBytes + done);
      const piece = found instanceof Promise ? await found : found;
      const part = target.subarray(done, done + piece.endBytes - (offsetBytes + done));
      await this.#readPiece(part, piece, offsetBytes + done - piece.startBytes);
      done += part.length;
    }
  }

  async #readPiece(part: Uint8Array, { extent }: FilePiece, skipBytes: number): Promise<void> {
    if (extent === undefined) part.fill(0);
    else if (extent.form === 'inline') part.set(await this.#inlinePart(extent, skipBytes, part));
    else if (isHole(extent)) part.fill(0);
    else if (extent.compression === 'none')
      await this.#readPlain(part, extent.logicalBytes + extent.skipBytes + skipBytes);
    else {
      const plain = await this.#unpack(extent);
      const start = extent.skipBytes + skipBytes;
      part.set(plain.subarray(start, start + part.length));
    }
  }

  async #inlinePart(
    extent: InlineExtent,
    skipBytes: number,
    part: Uint8Array,
  ): Promise<Uint8Array> {
    const { stored, compression, plainBytes } = extent;
    const plain = compression === 'none' ? stored : await this.#plainOf(stored, extent, 0);
    if (plain.length < Math.min(plainBytes, skipBytes + part.length))
      throw this.#damage(0, 'it is cut off');
    return plain.subarray(skipBytes, skipBytes + part.length);
  }

  /** Whole sectors have checksums, so the first and last one may be read beyond what is asked for. */
  async #readPlain(part: Uint8Array, logicalBytes: number): Promise<void> {
    const { sectorBytes } = this.#file.tree.volume.superblock;
    for (let done = 0; done < part.length; ) {
      const at = logicalBytes + done;
      const skipBytes = at % sectorBytes;
      const wantedBytes = Math.min(stepBytes - skipBytes, part.length - done);
      const wholeBytes = Math.ceil((skipBytes + wantedBytes) / sectorBytes) * sectorBytes;
      const wanted = part.subarray(done, done + wantedBytes);
      const isWhole = wholeBytes === wantedBytes;
      const whole = isWhole ? wanted : new Uint8Array(wholeBytes);
      await this.#readSectors(whole, at - skipBytes);
      if (!isWhole) wanted.set(whole.subarray(skipBytes, skipBytes + wantedBytes));
      done += wantedBytes;
    }
  }

  #readSectors(target: Uint8Array, logicalBytes: number): Promise<void> {
    const { isSummedUp } = this.#file.inode;
    return this.#sectors.read(target, { structure: this.#structure, logicalBytes, isSummedUp });
  }

  async #unpack(extent: RegularExtent): Promise<Uint8Array> {
    const { logicalBytes, storedBytes } = extent;
    if (this.#unpacked?.logicalBytes === logicalBytes) return this.#unpacked.plain;
    const { sectorBytes } = this.#file.tree.volume.superblock;
    if (storedBytes > 2 * plainBytesMax || storedBytes % sectorBytes !== 0)
      throw this.#damage(logicalBytes, `a compressed extent has ${storedBytes} bytes`);
    const stored = new Uint8Array(storedBytes);
    await this.#readSectors(stored, logicalBytes);
    const plain = await this.#plainOf(stored, extent, logicalBytes);
    this.#unpacked = { logicalBytes, plain };
    return plain;
  }

  async #plainOf(
    stored: Uint8Array,
    extent: InlineExtent | RegularExtent,
    logicalBytes: number,
  ): Promise<Uint8Array> {
    const { compression, plainBytes } = extent;
    if (plainBytes > plainBytesMax)
      throw this.#damage(logicalBytes, `a compressed extent would have ${plainBytes} bytes`);
    const { sectorBytes } = this.#file.tree.volume.superblock;
    const plain = await decompress(stored, compression, { plainBytes, sectorBytes });
    if (typeof plain === 'string') throw this.#damage(logicalBytes, plain);
    return plain;
  }

  #damage(logicalBytes: number, reason: string): Error {
    const { volume } = this.#file.tree;
    const chunk = volume.chunks.at(logicalBytes);
    const offsetBytes = (chunk?.copies[0] ?? 0) + logicalBytes - (chunk?.logicalBytes ?? 0);
    return volume.damage({ structure: this.#structure, offsetBytes }, reason);
  }

  /** @inheritdoc */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    const found: { lengthBytes: number; isHole: boolean }[] = [];
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    for (let at = offsetBytes; at < end && found.length < extentsMax; ) {
      const piece = await pieceAt(this.#file, at);
      const length = Math.min(piece.endBytes, end) - at;
      const isZero =
        piece.extent === undefined || (piece.extent.form === 'regular' && isHole(piece.extent));
      const last = found.at(-1);
      if (last?.isHole === isZero) last.lengthBytes += length;
      else found.push({ lengthBytes: length, isHole: isZero });
      at += length;
    }
    return found;
  }

  /** Does nothing: the volume is its owner's. */
  async close(): Promise<void> {}
}

function isHole({ logicalBytes, isUnwritten }: RegularExtent): boolean {
  return logicalBytes === 0 || isUnwritten;
}

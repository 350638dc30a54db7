import { SecondwindError } from '../../base/errors.ts';
import { nbdExportsMax, nbdStringBytesMax } from '../../base/limits.ts';
import type { ReadableDisk, WritableDisk } from '../../disk/disk.ts';
import { transmissionFlag } from '../protocol/numbers.ts';

/** A disk to serve. It stays its owner's: the server never closes it. */
export type NbdExportOptions = {
  /** Name clients ask for; not empty. */
  readonly name: string;
  /** Words for people; nothing when left out. */
  readonly description?: string;
  /**
   * Told whenever a client begins or ends to use the export.
   * @param count - clients using it now
   */
  readonly onClients?: (count: number) => void;
} & (
  | { readonly disk: ReadableDisk; readonly isReadOnly: true }
  | { readonly disk: WritableDisk; readonly isReadOnly?: false }
);

/** A disk being served. */
export interface NbdExport {
  /** As given. */
  readonly name: string;
  /** As given, or empty. */
  readonly description: string;
  /** As given. */
  readonly disk: ReadableDisk;
  /** The same disk where it may be written. */
  readonly writable: WritableDisk | undefined;
  /** As given, or nothing to tell. */
  readonly onClients: (count: number) => void;
}

/** The exports of one listener. */
export class ExportTable {
  readonly #exports = new Map<string, NbdExport>();

  /** All exports, in the order they were added. */
  all(): readonly NbdExport[] {
    return [...this.#exports.values()];
  }

  /**
   * Finds an export.
   * @param name - its name, or empty for the only one there is
   */
  find(name: string): NbdExport | undefined {
    if (name !== '') return this.#exports.get(name);
    const [first, second] = this.#exports.values();
    return second === undefined ? first : undefined;
  }

  /**
   * Adds an export.
   * @param options - see NbdExportOptions
   * @throws ALREADY_EXISTS, USAGE for an impossible name, LIMIT_EXCEEDED
   */
  add(options: NbdExportOptions): void {
    const { name, description = '' } = options;
    assertName(name);
    if (this.#exports.has(name)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'export', name });
    }
    if (this.#exports.size >= nbdExportsMax) {
      const data = {
        what: 'The number of exports',
        value: nbdExportsMax + 1,
        limit: nbdExportsMax,
      };
      throw new SecondwindError('LIMIT_EXCEEDED', data);
    }
    const writable = options.isReadOnly === true ? undefined : options.disk;
    const { disk, onClients = () => undefined } = options;
    this.#exports.set(name, { name, description, disk, writable, onClients });
  }

  /**
   * Takes an export away.
   * @param name - its name
   * @throws NOT_FOUND
   */
  remove(name: string): NbdExport {
    const found = this.#exports.get(name);
    if (found === undefined) throw new SecondwindError('NOT_FOUND', { what: 'export', name });
    this.#exports.delete(name);
    return found;
  }
}

/**
 * What a client is told an export can do.
 * @param nbdExport - the export
 * @param isStructured - whether structured replies were agreed on: only then a read can be asked not to be split
 * @source proto.md, "Transmission flags"
 */
export function transmissionFlagsOf(nbdExport: NbdExport, isStructured: boolean): number {
  const flag = transmissionFlag;
  const always = flag.hasFlags | flag.sendFlush | flag.sendFua | flag.canMultiConn | flag.sendCache;
  const writing = flag.sendTrim | flag.sendWriteZeroes | flag.sendFastZero;
  const ability = nbdExport.writable === undefined ? flag.readOnly : writing;
  return always | ability | (isStructured ? flag.sendDf : 0);
}

function assertName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (name !== '' && !name.includes('\0') && bytes <= nbdStringBytesMax) return;
  const reason = `an export's name has 1 to ${nbdStringBytesMax} bytes and no zero byte`;
  throw new SecondwindError('USAGE', { reason });
}

import { damagedFileSystem } from '../damage.ts';
import type { ContentMap, ContentRun } from '../mapped-content.ts';
import type { IsoNode } from './iso-node.ts';

/** The volume that content lies on. */
export interface IsoPlace {
  readonly blockBytes: number;
  readonly volumeBytes: number;
}

/** Content in one or several extents. */
export class IsoContent implements ContentMap {
  readonly sizeBytes: number;
  readonly #runs: readonly (ContentRun & { readonly volumeOffsetBytes: number })[];

  /**
   * @param node - whose content
   * @param place - see IsoPlace
   * @throws FILE_SYSTEM_DAMAGED when a part would lie beyond the end of the volume
   */
  constructor(node: IsoNode, place: IsoPlace) {
    let startBytes = 0;
    this.#runs = node.extents.map(({ block, lengthBytes }) => {
      const run = { startBytes, lengthBytes, volumeOffsetBytes: block * place.blockBytes };
      if (run.volumeOffsetBytes + lengthBytes > place.volumeBytes) throw beyond(node.id, run);
      startBytes += lengthBytes;
      return run;
    });
    this.sizeBytes = startBytes;
  }

  /** Where it lies. */
  get ranges(): readonly { readonly offsetBytes: number; readonly lengthBytes: number }[] {
    return this.#runs.map(({ volumeOffsetBytes, lengthBytes }) => ({
      offsetBytes: volumeOffsetBytes,
      lengthBytes,
    }));
  }

  /** @inheritdoc */
  runAt(offsetBytes: number): ContentRun {
    return this.#runs.findLast(({ startBytes }) => startBytes <= offsetBytes)!;
  }
}

function beyond(id: string, run: { volumeOffsetBytes: number; lengthBytes: number }): Error {
  return damagedFileSystem({
    kind: 'iso9660',
    structure: `file ${id}, extent`,
    offsetBytes: run.volumeOffsetBytes,
    reason: `it would be ${run.lengthBytes} bytes there, and the volume ends before`,
  });
}

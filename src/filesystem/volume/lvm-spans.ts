import { lvmSpansMax, lvmStackMax } from '../limits.ts';
import type { StripePlace, VolumeSpan } from '../volume.ts';
import type { LogicalSegment, LogicalVolume, VolumeGroup } from './lvm-group.ts';

/** Where the bytes of one physical volume lie. */
export interface MemberPlace {
  /** Name of the disk. */
  readonly disk: string;
  /** Where the physical volume begins on it, bytes. */
  readonly offsetBytes: number;
  /** Its length, bytes. */
  readonly lengthBytes: number;
}

/** Where the physical volumes of a machine lie, by identity. */
export type MemberPlaces = ReadonlyMap<string, MemberPlace>;

/** Spans of a logical volume, or in words why it cannot be read. */
export type SpansOutcome =
  | { readonly spans: readonly VolumeSpan[]; readonly note?: string | undefined }
  | { readonly refusal: string };

/** Why segments that are put together by more than arithmetic cannot be read, by how they begin. */
const refusals: readonly (readonly [string, string])[] = [
  ['snapshot', 'it is a snapshot in LVM’s old form'],
  ['thin-pool', 'it is a thin pool, the store of thin volumes'],
  ['thin', 'it is a thin volume'],
  ['cache', 'it has a cache in front of it, which may hold newer blocks'],
  ['writecache', 'it has a write cache in front of it, which may hold newer blocks'],
  ['vdo', 'it is compressed with VDO'],
  ['raid', 'it is a RAID within LVM that is not a mirror'],
  ['integrity', 'it has integrity marks between its blocks'],
];

/** Puts logical volumes together from the extents of their group. */
export class LvmSpans {
  readonly #group: VolumeGroup;
  readonly #places: MemberPlaces;
  readonly #known = new Map<string, SpansOutcome>();
  #spanCount = 0;

  /**
   * @param group - description in force
   * @param places - physical volumes that are there
   */
  constructor(group: VolumeGroup, places: MemberPlaces) {
    this.#group = group;
    this.#places = places;
  }

  /**
   * Where a logical volume lies. Each is put together once, however many mirrors name it.
   * @param volume - one of the group's
   * @param depth - volumes it is itself a part of, 0 for one that people see
   */
  of(volume: LogicalVolume, depth = 0): SpansOutcome {
    const known = this.#known.get(volume.name);
    if (known !== undefined) return known;
    const outcome = this.#assemble(volume, depth);
    this.#known.set(volume.name, outcome);
    return outcome;
  }

  #assemble(volume: LogicalVolume, depth: number): SpansOutcome {
    if (depth > lvmStackMax) return { refusal: 'its parts stand one on the other without end' };
    if (this.#group.snapshotStores.has(volume.name)) return { refusal: 'it is a snapshot' };
    const spans: VolumeSpan[] = [];
    let note: string | undefined;
    let extent = 0;
    for (const segment of volume.segments) {
      if (segment.startExtent !== extent) return { refusal: 'its segments leave gaps' };
      const outcome = this.#segment(segment, depth);
      if ('refusal' in outcome) return outcome;
      this.#spanCount += outcome.spans.length;
      if (this.#spanCount > lvmSpansMax) return { refusal: 'its group has too many segments' };
      for (const span of outcome.spans) spans.push(span);
      note ??= outcome.note;
      extent += segment.extentCount;
    }
    return extent === 0 ? { refusal: 'it has no segments' } : { spans, note };
  }

  #segment(segment: LogicalSegment, depth: number): SpansOutcome {
    const { type } = segment;
    if (type === 'striped' || type === 'linear') return this.#striped(segment);
    if (type === 'mirror' || type === 'raid1') return this.#mirror(segment, depth);
    const known = refusals.find(([start]) => type.startsWith(start));
    return { refusal: known?.[1] ?? `its segments are of the unknown type "${type}"` };
  }

  #striped(segment: LogicalSegment): SpansOutcome {
    const { areas, extentCount } = segment;
    const extentsEach = extentCount / areas.length;
    const isWhole = Number.isInteger(extentsEach) && extentCount > 0;
    const isStriped = areas.length > 1;
    if (!isWhole || (isStriped && segment.stripeBytes === 0)) {
      return { refusal: 'its stripes cannot be true' };
    }
    const startBytes = segment.startExtent * this.#group.extentBytes;
    const lengthBytes = extentCount * this.#group.extentBytes;
    if (!Number.isSafeInteger(startBytes + lengthBytes)) return { refusal: 'it is too long' };
    if (isStriped && (lengthBytes / areas.length) % segment.stripeBytes !== 0) {
      return { refusal: 'its stripes do not fit its size' };
    }
    const stripes: StripePlace[] = [];
    for (const area of areas) {
      const place = this.#place(area, extentsEach);
      if (typeof place === 'string') return { refusal: place };
      stripes.push(place);
    }
    const stripeBytes = isStriped ? segment.stripeBytes : lengthBytes;
    return { spans: [{ startBytes, lengthBytes, stripeBytes, stripes }] };
  }

  /** Where extents of a member lie, or in words why they cannot be had. */
  #place(area: LogicalSegment['areas'][number], extentCount: number): StripePlace | string {
    const member = this.#group.members.get(area.on);
    if (member === undefined) return 'it lies on something that its group does not describe';
    const place = this.#places.get(member.id);
    if (place === undefined) {
      return `a part of it lies on a disk that is not among these (physical volume ${member.id})`;
    }
    const { extentBytes } = this.#group;
    const start = member.firstExtentBytes + area.extent * extentBytes;
    const end = start + extentCount * extentBytes;
    const isTrue = Number.isSafeInteger(start) && area.extent >= 0 && Number.isSafeInteger(end);
    if (!isTrue || end > place.lengthBytes || extentBytes === 0) {
      return 'a part of it would lie beyond the end of its disk';
    }
    return { disk: place.disk, offsetBytes: place.offsetBytes + start };
  }

  /** Every leg of a mirror holds everything: the first one that can be read is enough. */
  #mirror(segment: LogicalSegment, depth: number): SpansOutcome {
    let refusal = 'it is a mirror without legs';
    for (const [leg, area] of segment.areas.entries()) {
      const below = this.#group.volumes.get(area.on);
      const outcome = below && this.of(below, depth + 1);
      if (outcome === undefined || 'refusal' in outcome) {
        refusal = outcome?.refusal ?? refusal;
        continue;
      }
      const lengthBytes = segment.extentCount * this.#group.extentBytes;
      const spans = moved(outcome.spans, segment.startExtent * this.#group.extentBytes);
      if (lengthOf(outcome.spans) !== lengthBytes) {
        refusal = 'its legs are not as long as itself';
        continue;
      }
      return { spans, note: `it is a mirror, read by leg ${leg + 1} of ${segment.areas.length}` };
    }
    return { refusal };
  }
}

function lengthOf(spans: readonly VolumeSpan[]): number {
  return spans.reduce((sum, span) => sum + span.lengthBytes, 0);
}

function moved(spans: readonly VolumeSpan[], byBytes: number): readonly VolumeSpan[] {
  return spans.map((span) => ({ ...span, startBytes: span.startBytes + byBytes }));
}

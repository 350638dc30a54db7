import { type TUnsafe, Type } from 'typebox';
import type {
  BookmarkOrder,
  BookmarkReport,
  DiskActivity,
  DiskOrder,
  DiskReport,
  ScanReport,
} from '../../service/disk-report.ts';
import type { DiskAddress } from '../../service/use-cases.ts';
import { progressSchema } from './progress-schema.ts';
import { schemaOf } from './schema-of.ts';
import { diskHealthSchema } from './verify-schemas.ts';
import {
  absolutePath,
  askedMoment,
  byteCount,
  count,
  listenAddress,
  milliseconds,
  moment,
  nameText,
} from './words.ts';

const closed = { additionalProperties: false };
const machine = nameText('The machine.');
const disk = nameText("The disk's own name.");
const orderSource = Type.Union(
  [Type.Literal('tap'), Type.Literal('image'), Type.Literal('device')],
  {
    description:
      'Where changes come from: every write through a tap, scans of an image, or every write to a block device in use.',
  },
);
const source = Type.Union(
  (['tap', 'image', 'mirror', 'device', 'agent'] as const).map((kind) => Type.Literal(kind)),
  {
    description:
      'Where changes come from: a tap, scans of an image, the mirror of a running guest, a block device in use, or the agent of its machine.',
  },
);

/**
 * What a disk, or a whole machine, is doing.
 * @param description - of what
 */
export function diskStates(description: string): TUnsafe<DiskActivity> {
  const words = [
    ...(['protecting', 'filling', 'queueing', 'spooling', 'gap', 'paused', 'away'] as const),
    ...(['idle', 'scanning', 'failed', 'history'] as const),
  ].map((word) => Type.Literal(word));
  return Type.Unsafe<DiskActivity>(Type.Union(words, { description }));
}

/** A disk in a path. */
export const diskAddressSchema: TUnsafe<DiskAddress> = schemaOf<DiskAddress>()(
  Type.Object({ machine, disk }),
);

/** Body of POST /v1/disks. */
export const diskOrderSchema: TUnsafe<DiskOrder> = schemaOf<DiskOrder>()(
  Type.Object(
    {
      machine,
      disk,
      source: orderSource,
      path: absolutePath(
        'Backing of the tap, or the image: a file or block device; or the block device itself.',
      ),
      listen: Type.Optional(listenAddress()),
      windowMs: Type.Optional(milliseconds('Time between cuts, for all disks of the machine.')),
      isCutAtFlush: Type.Optional(
        Type.Boolean({ description: 'Whether every flush of a client makes a point.' }),
      ),
    },
    closed,
  ),
);

/** A disk in answers. */
export const diskReportSchema: TUnsafe<DiskReport> = schemaOf<DiskReport>()(
  Type.Object({
    machine,
    disk,
    source: Type.Optional(source),
    path: Type.Optional(Type.String({ description: 'Backing or image.' })),
    listen: Type.Optional(Type.String({ description: 'Address of the tap.' })),
    state: diskStates('What the disk is doing.'),
    reason: Type.Optional(Type.String({ description: 'Why it failed, or what is odd.' })),
    sizeBytes: Type.Optional(byteCount('Size of the disk.')),
    firstPoint: Type.Optional(moment('First moment that can be restored.')),
    lastPoint: Type.Optional(moment('Newest moment that can be restored.')),
    lagMs: Type.Optional(milliseconds('Age of the oldest write that is not restorable yet.')),
    queue: Type.Optional(
      Type.Object({
        memoryBytes: byteCount('Waiting in memory.'),
        spoolBytes: byteCount('Waiting in the spool file.'),
        dirtyBytes: byteCount('To be read and compared again.'),
      }),
    ),
    gapSince: Type.Optional(moment('Since when the disk cannot be restored.')),
    progress: Type.Optional(progressSchema),
    excludedBytes: Type.Optional(byteCount('Left out by the last scan, because it is excluded.')),
    clientCount: Type.Optional(count('Clients connected to the tap.')),
    health: Type.Optional(diskHealthSchema),
  }),
);

/** Answer of a scan. */
export const scanReportSchema: TUnsafe<ScanReport> = schemaOf<ScanReport>()(
  Type.Object({
    machine,
    disk,
    point: moment('The new point.'),
    sizeBytes: byteCount('Size of the image.'),
    readBytes: byteCount('Read and compared; holes are not read.'),
    changedBytes: byteCount('Differed from the point before.'),
    storedBytes: byteCount('Added to the store.'),
    excludedBytes: byteCount('Left out because it is excluded.'),
    notes: Type.Array(Type.String({ description: 'Where nothing was excluded, and why.' })),
    durationMs: milliseconds('Time it took.'),
  }),
);

/** Body of POST …/bookmarks. */
export const bookmarkOrderSchema: TUnsafe<BookmarkOrder> = schemaOf<BookmarkOrder>()(
  Type.Object(
    {
      name: nameText('Name of the bookmark.'),
      at: Type.Optional(askedMoment('The moment it names; now when left out.')),
      isQuiesced: Type.Optional(
        Type.Boolean({ description: "Whether the guest's agent holds its applications still." }),
      ),
    },
    closed,
  ),
);

/** A bookmark in answers. */
export const bookmarkReportSchema: TUnsafe<BookmarkReport> = schemaOf<BookmarkReport>()(
  Type.Object({ machine, name: nameText('Name of the bookmark.'), time: moment('The moment.') }),
);

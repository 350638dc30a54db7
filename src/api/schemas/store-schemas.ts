import { type TUnsafe, Type } from 'typebox';
import type { CheckFindings, RebuildReport, StatsReport } from '../../service/repository-report.ts';
import { schemaOf } from './schema-of.ts';
import { byteCount, count, milliseconds, moment, nameText } from './words.ts';

const ratio = (description: string) => Type.Number({ description, minimum: 0 });

/** Answer of GET /v1/stats. */
export const statsReportSchema: TUnsafe<StatsReport> = schemaOf<StatsReport>()(
  Type.Object({
    logicalBytes: byteCount('Changed blocks that were captured.'),
    uniqueBytes: byteCount('Of these, not stored before.'),
    storedBytes: byteCount('What the store takes.'),
    dedupRatio: ratio('Logical over unique.'),
    compressionRatio: ratio('Unique over stored.'),
    totalRatio: ratio('Logical over stored.'),
    chunkCount: count('Chunks stored.'),
    commitCount: count('Commits stored.'),
    segmentCount: count('Segments.'),
    machineCount: count('Machines with history.'),
    diskCount: count('Disks with history.'),
    first: Type.Optional(moment('Oldest commit.')),
    last: Type.Optional(moment('Newest commit.')),
  }),
);

const damage = Type.Object({
  file: Type.String({ description: 'File in the store.' }),
  segment: count('Number of the segment.'),
  offsetBytes: byteCount('Where in the file.'),
  reason: Type.String({ description: 'What is wrong.' }),
  chunkCount: count('Chunks that cannot be read because of it.'),
  touched: Type.Array(
    Type.Object({
      machine: nameText('The machine.'),
      disk: nameText("The disk's own name."),
      from: moment('First moment that cannot be read whole.'),
      to: Type.Optional(moment('End of these moments; left out when the newest is touched too.')),
      regionCount: count('Regions of 1 MiB that cannot be read whole.'),
    }),
    { description: 'Points it touches.' },
  ),
  isMore: Type.Boolean({ description: 'Whether it touches more than is listed.' }),
});

/** Body of POST /v1/check. */
export const checkOrderSchema: TUnsafe<{ readonly contentShare: number }> = schemaOf<{
  readonly contentShare: number;
}>()(
  Type.Object(
    {
      contentShare: Type.Number({
        description: 'Part of the content that is read: 0 (structure only) to 1 (all).',
        minimum: 0,
        maximum: 1,
      }),
    },
    { additionalProperties: false },
  ),
);

/** Answer of a check. */
export const checkFindingsSchema: TUnsafe<CheckFindings> = schemaOf<CheckFindings>()(
  Type.Object({
    isHealthy: Type.Boolean({ description: 'Whether nothing was found.' }),
    segmentCount: count('Segments looked at.'),
    entryCount: count('Entries looked at.'),
    checkedBytes: byteCount('Read and authenticated.'),
    damages: Type.Array(damage, { description: 'Damaged places.' }),
    indexFaults: Type.Array(Type.String(), {
      description: 'Faults of the indexes; a rebuild mends them.',
    }),
    durationMs: milliseconds('Time it took.'),
  }),
);

/** Answer of a rebuild. */
export const rebuildReportSchema: TUnsafe<RebuildReport> = schemaOf<RebuildReport>()(
  Type.Object({
    segmentCount: count('Segments read.'),
    commitCount: count('Commits found.'),
    durationMs: milliseconds('Time it took.'),
  }),
);

import { type TUnsafe, Type } from 'typebox';
import type { ChangesOrder, ChangesReport, TimelineReport } from '../../service/timeline-report.ts';
import { schemaOf } from './schema-of.ts';
import { diskHealthSchema } from './verify-schemas.ts';
import { askedMoment, byteCount, count, diskOffset, moment, nameText } from './words.ts';

const machine = nameText('The machine.');
const disk = nameText("The disk's own name.");

const note = Type.Object({
  kind: Type.Union(
    (['bookmark', 'gap', 'clock-jump', 'removed', 'resumed', 'verified'] as const).map((word) =>
      Type.Literal(word),
    ),
    { description: 'What kind of mark.' },
  ),
  disk: Type.Optional(disk),
  text: Type.String({
    description: 'The name of a bookmark, the result of a health check, or words.',
  }),
  from: Type.Optional(moment('Moment the mark speaks of, where that is not the point.')),
});

const point = Type.Object({
  time: moment('When.'),
  sequence: count("Position in the machine's history."),
  consistency: Type.Union(
    [Type.Literal('crash'), Type.Literal('application'), Type.Literal('fuzzy')],
    { description: 'What the point is worth to applications.' },
  ),
  changedBytes: byteCount('Changed blocks.'),
  newBytes: byteCount('Of these, not stored before.'),
  storedBytes: byteCount('Added to the store.'),
  disks: Type.Array(
    Type.Object({ disk, state: Type.Union([Type.Literal('whole'), Type.Literal('filling')]) }),
    { description: 'Disks in the commit, and whether they can be restored.' },
  ),
  notes: Type.Array(note, { description: 'Marks.' }),
});

const gap = Type.Object({
  disk,
  from: moment('First moment that cannot be restored.'),
  to: Type.Optional(moment('End; left out while it lasts.')),
});

/** Answer of GET …/timeline. */
export const timelineReportSchema: TUnsafe<TimelineReport> = schemaOf<TimelineReport>()(
  Type.Object({
    machine,
    disk: Type.Optional(disk),
    points: Type.Array(point, { description: 'The commits, oldest first.' }),
    gaps: Type.Array(gap, { description: 'Spans that cannot be restored.' }),
    isCut: Type.Boolean({ description: 'Whether older points were left out by the limit.' }),
    health: Type.Array(diskHealthSchema, {
      description: 'Health of the disks at their newest points that were checked.',
    }),
  }),
);

/** Body of POST …/changes. */
export const changesOrderSchema: TUnsafe<ChangesOrder> = schemaOf<ChangesOrder>()(
  Type.Object(
    {
      from: askedMoment('The first moment.'),
      to: askedMoment('The later moment.'),
      isExact: Type.Optional(
        Type.Boolean({ description: 'Whether to read both, and leave out what is the same.' }),
      ),
    },
    { additionalProperties: false },
  ),
);

/** Answer of POST …/changes. */
export const changesReportSchema: TUnsafe<ChangesReport> = schemaOf<ChangesReport>()(
  Type.Object({
    machine,
    disk,
    fromPoint: moment('Point that the first moment shows.'),
    toPoint: moment('Point that the second moment shows.'),
    changedBytes: byteCount('In all ranges, also those left out.'),
    rangeCount: count('Number of all ranges.'),
    ranges: Type.Array(
      Type.Object({
        offsetBytes: diskOffset('Start.'),
        lengthBytes: diskOffset('Length.'),
      }),
      { description: 'The first ranges, in order.' },
    ),
    isCut: Type.Boolean({ description: 'Whether ranges were left out by the limit.' }),
    isExact: Type.Boolean({ description: 'Whether contents were compared.' }),
  }),
);

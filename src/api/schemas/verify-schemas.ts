import { type TUnsafe, Type } from 'typebox';
import type { FilesOrder } from '../../service/file-report.ts';
import type {
  DiskHealthReport,
  HealthScheduleOrder,
  HealthScheduleReport,
  RunningCheckReport,
} from '../../service/verify/health-report.ts';
import { type HealthRhythm, healthRhythms } from '../../service/verify/health-rhythm.ts';
import type { Verdict, VerifyReport } from '../../service/verify/verify-report.ts';
import { whereWord } from './file-schemas.ts';
import { progressSchema } from './progress-schema.ts';
import { schemaOf } from './schema-of.ts';
import { askedMoment, byteCount, count, moment, nameText } from './words.ts';

const verdict: TUnsafe<Verdict> = Type.Unsafe<Verdict>(
  Type.Union([Type.Literal('clean'), Type.Literal('damage'), Type.Literal('unchecked')], {
    description: 'What it came to.',
  }),
);

const finding = Type.Object({
  severity: Type.Union([Type.Literal('damage'), Type.Literal('note')], {
    description: 'Whether data is lost, or it is only worth knowing.',
  }),
  checker: Type.String({ description: 'Who found it: "reader", or a program.' }),
  structure: Type.String({ description: 'Structure concerned.' }),
  offsetBytes: Type.Optional(byteCount('Where on the volume.')),
  reason: Type.String({ description: 'What is wrong; text from the disk may be in it.' }),
});

const volume = Type.Object({
  volume: Type.String({ description: "Its address behind the machine's name." }),
  fileSystem: Type.Optional(Type.String({ description: 'What it holds.' })),
  verdict,
  checkers: Type.Array(Type.String(), { description: 'Who looked at it to the end.' }),
  damageCount: count('Findings that are damage.'),
  findings: Type.Array(finding, { description: 'The first findings.' }),
  isCut: Type.Boolean({ description: 'Whether findings were left out by the limit.' }),
});

/** Body of POST /v1/verify. */
export const verifyOrderSchema: TUnsafe<FilesOrder> = schemaOf<FilesOrder>()(
  Type.Object(
    { where: whereWord, at: askedMoment('The moment.') },
    { additionalProperties: false },
  ),
);

/** Answer of a health check. */
export const verifyReportSchema: TUnsafe<VerifyReport> = schemaOf<VerifyReport>()(
  Type.Object({
    where: Type.String({ description: 'What was looked at.' }),
    machine: nameText('Its machine.'),
    asked: moment('Moment that was asked for.'),
    point: moment('Commit whose state that moment shows.'),
    verified: moment('When it was looked at.'),
    verdict,
    disks: Type.Optional(Type.Array(nameText('A disk.'), { description: 'Disks that were read.' })),
    volumes: Type.Array(volume, { description: 'Each volume.' }),
    notes: Type.Array(Type.String(), { description: 'What a person should know.' }),
  }),
);

const rhythm: TUnsafe<HealthRhythm> = Type.Unsafe<HealthRhythm>(
  Type.Union(
    healthRhythms.map((word) => Type.Literal(word)),
    { description: 'How often it is checked.' },
  ),
);

/** Body of POST /v1/health-schedules. */
export const healthScheduleOrderSchema: TUnsafe<HealthScheduleOrder> =
  schemaOf<HealthScheduleOrder>()(
    Type.Object({ where: whereWord, rhythm }, { additionalProperties: false }),
  );

/** Body of POST /v1/health-schedules/end. */
export const healthScheduleEndSchema: TUnsafe<{ readonly where: string }> = schemaOf<{
  readonly where: string;
}>()(Type.Object({ where: whereWord }, { additionalProperties: false }));

/** A health check that runs by itself, in answers. */
export const healthScheduleReportSchema: TUnsafe<HealthScheduleReport> =
  schemaOf<HealthScheduleReport>()(
    Type.Object({
      where: Type.String({ description: 'What is checked.' }),
      rhythm,
      due: moment('When it is due; it waits until something newer was captured.'),
      tried: Type.Optional(moment('When the last one ended.')),
      point: Type.Optional(moment('Point that the last one looked at.')),
      failure: Type.Optional(Type.String({ description: 'Why the last one could not look.' })),
    }),
  );

/** A health check that runs now. */
export const runningCheckSchema: TUnsafe<RunningCheckReport> = schemaOf<RunningCheckReport>()(
  Type.Object({
    where: Type.String({ description: 'What is looked at.' }),
    isScheduled: Type.Boolean({ description: 'Whether it runs by itself.' }),
    since: moment('Since when.'),
    progress: progressSchema,
  }),
);

/** Health of a disk, in answers. */
export const diskHealthSchema: TUnsafe<DiskHealthReport> = schemaOf<DiskHealthReport>()(
  Type.Object({
    disk: nameText("The disk's own name."),
    verdict,
    where: Type.String({ description: 'What was checked.' }),
    point: moment('The point.'),
    verified: moment('When it was checked.'),
    damageCount: count('Findings that are damage.'),
    firstDamage: Type.Optional(
      Type.String({ description: 'The first damage; text from the disk may be in it.' }),
    ),
  }),
);

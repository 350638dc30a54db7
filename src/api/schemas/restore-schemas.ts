import { type TUnsafe, Type } from 'typebox';
import type {
  RestoreOrder,
  RestorePlanReport,
  RestoreReport,
} from '../../service/restore-report.ts';
import { schemaOf } from './schema-of.ts';
import {
  absolutePath,
  askedMoment,
  byteCount,
  count,
  milliseconds,
  moment,
  nameText,
} from './words.ts';

const machine = nameText('The machine.');
const disk = nameText("The disk's own name.");
const target = absolutePath('The file or device that is written.');
const refusals = ['mounted', 'wrong-size', 'in-use', 'exists'] as const;

const outcome = {
  machine,
  disk,
  asked: moment('The moment that was asked for.'),
  point: moment('The commit whose state that moment shows.'),
  target: Type.String({ description: 'The file or device.' }),
  isThroughTap: Type.Boolean({
    description: 'Whether writes go through the live tap in front of the target.',
  }),
  sizeBytes: byteCount('Size of the disk.'),
  excludedBytes: Type.Optional(byteCount('Written as zeroes because it was excluded.')),
};

/** Body of POST /v1/restores and of its plan. */
export const restoreOrderSchema: TUnsafe<RestoreOrder> = schemaOf<RestoreOrder>()(
  Type.Object(
    {
      machine,
      disk,
      at: askedMoment('The moment.'),
      target,
      isInPlace: Type.Boolean({ description: 'Write only the blocks that differ.' }),
      evenIf: Type.Array(Type.Union(refusals.map((word) => Type.Literal(word))), {
        description: 'Refusals that are overruled.',
        maxItems: refusals.length,
      }),
    },
    { additionalProperties: false },
  ),
);

/** Answer of a plan. */
export const restorePlanSchema: TUnsafe<RestorePlanReport> = schemaOf<RestorePlanReport>()(
  Type.Object({
    ...outcome,
    differingBytes: byteCount('Differ, in whole blocks.'),
    differingBlocks: count('Blocks that differ.'),
  }),
);

/** Answer of a restore. */
export const restoreReportSchema: TUnsafe<RestoreReport> = schemaOf<RestoreReport>()(
  Type.Object({
    ...outcome,
    differingBytes: Type.Optional(byteCount('Differed, in whole blocks; in place only.')),
    writtenBytes: byteCount('Written as data; in place with the head of the disk.'),
    skippedBytes: byteCount('Needed no writing: holes, or equal already.'),
    durationMs: milliseconds('Time it took.'),
  }),
);

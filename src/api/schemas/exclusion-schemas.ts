import { type TUnsafe, Type } from 'typebox';
import type { ExclusionOrder, ExclusionReport } from '../../service/exclusion-report.ts';
import { schemaOf } from './schema-of.ts';
import { byteCount, count, moment, nameText } from './words.ts';

/** Paths that one disk may exclude, and the longest of them: enough for people, and little enough to be matched against every file. */
const pathsMax = 100;
const pathCharactersMax = 1024;

const path = Type.String({
  description: 'Path with "*", "?", "[a-z]" and "**".',
  minLength: 1,
  maxLength: pathCharactersMax,
});
const preset = Type.Union([Type.Literal('linux'), Type.Literal('windows')], {
  description: 'Known noise of a system.',
});
const rules = {
  paths: Type.Array(path, { maxItems: pathsMax }),
  presets: Type.Array(preset, { maxItems: 2 }),
  isUnallocatedExcluded: Type.Boolean({
    description: 'Whether space that no file has is left out.',
  }),
};

/** Body of POST /v1/disks/:machine/:disk/exclusions. */
export const exclusionOrderSchema: TUnsafe<ExclusionOrder> = schemaOf<ExclusionOrder>()(
  Type.Object(rules, { additionalProperties: false }),
);

/** What is excluded, in answers. */
export const exclusionReportSchema: TUnsafe<ExclusionReport> = schemaOf<ExclusionReport>()(
  Type.Object({
    machine: nameText('The machine.'),
    disk: nameText("The disk's own name."),
    ...rules,
    since: Type.Optional(moment('When the rules were given.')),
    found: Type.Optional(
      Type.Object({
        point: moment('The point that the last scan made.'),
        fileBytes: byteCount('Of excluded files and swap space.'),
        fileCount: count('Files that are excluded.'),
        unallocatedBytes: byteCount('That no file had.'),
        notes: Type.Array(Type.String({ description: 'Where nothing was excluded, and why.' })),
      }),
    ),
  }),
);

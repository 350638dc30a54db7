import { type TUnsafe, Type } from 'typebox';
import { namesFoundMax } from '../../base/limits.ts';
import type { NameOrder, NameReport, NamesReport } from '../../service/name-report.ts';
import { fileKind } from './file-schemas.ts';
import { schemaOf } from './schema-of.ts';
import { byteCount, count, moment, momentText } from './words.ts';

const patternCharactersMax = 1024;

/** Body of POST /v1/files/find. */
export const nameOrderSchema: TUnsafe<NameOrder> = schemaOf<NameOrder>()(
  Type.Object(
    {
      pattern: Type.String({
        description: 'Name with "*", "?" and "[…]"; case does not matter.',
        minLength: 1,
        maxLength: patternCharactersMax,
      }),
      machines: Type.Optional(
        Type.String({ description: 'Pattern of machines.', maxLength: patternCharactersMax }),
      ),
      from: Type.Optional(momentText('Files that were there at some moment from this one on.')),
      to: Type.Optional(momentText('… to this one.')),
      limitMax: Type.Optional(
        Type.Integer({
          description: 'Names given out at most.',
          minimum: 1,
          maximum: namesFoundMax,
        }),
      ),
      isRefreshed: Type.Optional(Type.Boolean({ description: 'Bring the index up to now first.' })),
    },
    { additionalProperties: false },
  ),
);

/** A found name in answers. */
export const nameReportSchema: TUnsafe<NameReport> = schemaOf<NameReport>()(
  Type.Object({
    where: Type.String({ description: 'MACHINE/VOLUME.' }),
    path: Type.String({ description: 'Its path there.' }),
    kind: fileKind,
    sizeBytes: byteCount('Length of the content.'),
    modified: moment('When the content was last changed.'),
    from: moment('First indexed moment at which it was there.'),
    until: Type.Optional(moment('First indexed moment at which it was gone.')),
  }),
);

/** End of the answer of POST /v1/files/find. */
export const namesReportSchema: TUnsafe<NamesReport> = schemaOf<NamesReport>()(
  Type.Object({
    nameCount: count('Names given out.'),
    isMore: Type.Boolean({ description: 'Whether there are more.' }),
    indexed: Type.Array(
      Type.Object({
        where: Type.String({ description: 'MACHINE/VOLUME.' }),
        reached: Type.Optional(moment('The newest moment whose names are known.')),
      }),
    ),
    notes: Type.Array(Type.String(), { description: 'What could not be read.' }),
  }),
);

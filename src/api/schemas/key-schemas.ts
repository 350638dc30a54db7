import { type TUnsafe, Type } from 'typebox';
import { passphraseCharactersMax } from '../../base/limits.ts';
import type { AddedKeyReport, KeyOrder, KeyReport } from '../../service/key-report.ts';
import { schemaOf } from './schema-of.ts';
import { moment } from './words.ts';

const closed = { additionalProperties: false };
const label = Type.String({ description: 'Words that say whose it is.', maxLength: 200 });
const kind = Type.Union(
  [Type.Literal('passphrase'), Type.Literal('key-file'), Type.Literal('recovery')],
  { description: 'What opens the slot.' },
);
const slot = {
  id: Type.String({ description: 'Name to remove it by.' }),
  kind,
  label,
  created: moment('When it was made.'),
};

/** Body of POST /v1/keys. */
export const keyOrderSchema: TUnsafe<KeyOrder> = schemaOf<KeyOrder>()(
  Type.Union([
    Type.Object(
      {
        kind: Type.Literal('passphrase'),
        passphrase: Type.String({ minLength: 1, maxLength: passphraseCharactersMax }),
        label,
      },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal('key-file'),
        keyBase64: Type.String({
          description: '32 random bytes.',
          pattern: '^[A-Za-z0-9+/]{43}=$',
        }),
        label,
      },
      closed,
    ),
    Type.Object({ kind: Type.Literal('recovery'), label }, closed),
  ]),
);

/** A slot in answers. */
export const keyReportSchema: TUnsafe<KeyReport> = schemaOf<KeyReport>()(Type.Object(slot));

/** Answer of POST /v1/keys. */
export const addedKeySchema: TUnsafe<AddedKeyReport> = schemaOf<AddedKeyReport>()(
  Type.Object({
    ...slot,
    recoveryKey: Type.Optional(
      Type.String({ description: 'The recovery key as it is written on paper; told this once.' }),
    ),
  }),
);

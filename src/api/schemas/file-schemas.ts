import { type TString, type TUnsafe, Type } from 'typebox';
import { contentItemsMax, copyPathsMax } from '../../base/limits.ts';
import type {
  ContentOrder,
  CopyBatch,
  CopyListReport,
  CopyOrder,
} from '../../service/copy-report.ts';
import type {
  FileKindName,
  FileOrder,
  FileReport,
  ListingReport,
} from '../../service/file-report.ts';
import type { VersionsOrder, VersionsReport } from '../../service/version-report.ts';
import { schemaOf } from './schema-of.ts';
import { askedMoment, byteCount, count, moment } from './words.ts';

/** Longest path in a question, characters. */
const pathCharactersMax = 64 * 1024;

const kinds: readonly FileKindName[] = [
  'file',
  'directory',
  'link',
  'block-device',
  'character-device',
  'pipe',
  'socket',
  'other',
];

/** Where files are looked for. */
export const whereWord: TString = Type.String({
  description: 'MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION or MACHINE/GROUP/VOLUME.',
  minLength: 1,
  maxLength: 1024,
});

const order = { where: whereWord, at: askedMoment('The moment.') };

/** Which file is asked for. */
export const pathWord: TString = Type.String({
  description: 'Its path.',
  maxLength: pathCharactersMax,
});
const path = pathWord;

/** Body of POST /v1/files/list and /v1/files/read. */
export const fileOrderSchema: TUnsafe<FileOrder> = schemaOf<FileOrder>()(
  Type.Object({ ...order, path }, { additionalProperties: false }),
);

/** What an entry is. */
export const fileKind: TUnsafe<FileKindName> = Type.Unsafe<FileKindName>(
  Type.Union(
    kinds.map((word) => Type.Literal(word)),
    { description: 'What it is.' },
  ),
);

const device = Type.Object(
  { major: Type.Integer(), minor: Type.Integer() },
  { description: 'Of a device: its numbers.' },
);

/** One file in a listing. */
export const fileReportSchema: TUnsafe<FileReport> = schemaOf<FileReport>()(
  Type.Object({
    name: Type.String({
      description: 'Hostile text; bytes that are no UTF-8 are U+DC80 … U+DCFF.',
    }),
    kind: fileKind,
    sizeBytes: byteCount('Length of the content.'),
    allocatedBytes: byteCount('Space it takes.'),
    linkCount: count('Names it has.'),
    mode: Type.Optional(count('Permission bits.')),
    uid: Type.Optional(count('Number of the owner.')),
    gid: Type.Optional(count('Number of the group.')),
    modified: moment('When the content was last changed.'),
    changed: Type.Optional(moment('When the status was last changed.')),
    accessed: Type.Optional(moment('When it was last read.')),
    created: Type.Optional(moment('When it was made.')),
    device: Type.Optional(device),
    target: Type.Optional(
      Type.String({ description: 'Of a link: where it points; hostile text.' }),
    ),
    flags: Type.Array(Type.String(), { description: '"hidden", "system", "compressed", …' }),
  }),
);

const name = Type.String({ description: 'Its name: hostile text.', maxLength: pathCharactersMax });

/** Body of POST /v1/files/copy. */
export const copyOrderSchema: TUnsafe<CopyOrder> = schemaOf<CopyOrder>()(
  Type.Object(
    {
      ...order,
      paths: Type.Array(path, {
        minItems: 1,
        maxItems: copyPathsMax,
        description: 'Paths and patterns.',
      }),
      isCountOnly: Type.Optional(Type.Boolean({ description: 'Only tell how much it is.' })),
    },
    { additionalProperties: false },
  ),
);

/** Body of POST /v1/files/contents. */
export const contentOrderSchema: TUnsafe<ContentOrder> = schemaOf<ContentOrder>()(
  Type.Object(
    {
      ...order,
      items: Type.Array(
        Type.Object({
          volume: Type.String({ description: 'Volume of the file.', maxLength: 1024 }),
          id: Type.String({ description: 'The file.', maxLength: 100 }),
        }),
        { maxItems: contentItemsMax, description: 'In the order in which they are sent.' },
      ),
    },
    { additionalProperties: false },
  ),
);

const components = Type.Array(name, { description: 'Path below the target.' });
const namedBytes = Type.Array(
  Type.Object({ name, base64: Type.String({ description: 'The bytes.' }) }),
);

/** Some of the files to be copied. */
export const copyBatchSchema: TUnsafe<CopyBatch> = schemaOf<CopyBatch>()(
  Type.Object({
    asked: moment('Contents are asked for at this moment.'),
    files: Type.Array(
      Type.Object({
        components,
        kind: fileKind,
        volume: Type.String({ description: 'To ask for its content.' }),
        id: Type.String({ description: 'To ask for its content.' }),
        sizeBytes: byteCount('Length of the content.'),
        linkCount: count('Names it has.'),
        mode: Type.Optional(count('Permission bits.')),
        uid: Type.Optional(count('Number of the owner.')),
        gid: Type.Optional(count('Number of the group.')),
        modifiedMicros: Type.Integer({ description: 'Microseconds since 1970.' }),
        accessedMicros: Type.Optional(Type.Integer({ description: 'Microseconds since 1970.' })),
        device: Type.Optional(device),
        target: Type.Optional(Type.String({ description: 'Of a link; hostile text.' })),
        attributes: Type.Optional(namedBytes),
        streams: Type.Optional(namedBytes),
        longStreams: Type.Optional(Type.Array(name)),
      }),
    ),
    troubles: Type.Array(Type.Object({ components, reason: Type.String() })),
  }),
);

/** What every answer about files says of where and when. */
const fileStanding = {
  where: Type.String({ description: 'What was looked at.' }),
  asked: moment('The moment that was asked for.'),
  point: moment('The commit whose state that moment shows.'),
};

/** Last line of a listing. */
export const listingReportSchema: TUnsafe<ListingReport> = schemaOf<ListingReport>()(
  Type.Object({
    ...fileStanding,
    path: Type.String({ description: 'Without links in it.' }),
    entryCount: count('Entries listed.'),
    notes: Type.Array(Type.String(), { description: 'What a person should know.' }),
  }),
);

/** Last line of the list of files to be copied. */
export const copyListReportSchema: TUnsafe<CopyListReport> = schemaOf<CopyListReport>()(
  Type.Object({
    ...fileStanding,
    fileCount: count('Files listed.'),
    contentBytes: byteCount('Content in them.'),
  }),
);

/** Body of POST /v1/files/versions. */
export const versionsOrderSchema: TUnsafe<VersionsOrder> = schemaOf<VersionsOrder>()(
  Type.Object(
    { where: order.where, path, to: Type.Optional(askedMoment('Going back from this moment.')) },
    { additionalProperties: false },
  ),
);

const changes = ['yes', 'no', 'unknown', 'first'] as const;

/** Answer of POST /v1/files/versions. */
export const versionsReportSchema: TUnsafe<VersionsReport> = schemaOf<VersionsReport>()(
  Type.Object({
    where: fileStanding.where,
    path,
    versions: Type.Array(
      Type.Object({
        number: count('1 for the newest.'),
        from: moment('The commit it begins with.'),
        until: Type.Optional(moment('The commit that ends it; left out while it lasts.')),
        kind: fileKind,
        sizeBytes: byteCount('Length of the content.'),
        modified: moment('When the content was last changed, as the file system says.'),
        contentChange: Type.Union(
          changes.map((word) => Type.Literal(word)),
          { description: 'Whether the content differs from that of the version before.' },
        ),
      }),
      { description: 'Newest first.' },
    ),
    isCut: Type.Boolean({ description: 'Whether there are more, older ones.' }),
    lookCount: count('How often a file system was looked at for it.'),
  }),
);

import { type TUnsafe, Type } from 'typebox';
import type {
  ChangedFilesOrder,
  ChangedFilesReport,
  FileChangeName,
  FileChangeReport,
} from '../../service/change-report.ts';
import { fileKind, pathWord, whereWord } from './file-schemas.ts';
import { schemaOf } from './schema-of.ts';
import { askedMoment, byteCount, count, moment } from './words.ts';

const changes: readonly FileChangeName[] = ['created', 'changed', 'renamed', 'deleted'];

/** Body of POST /v1/files/changed. */
export const changedFilesOrderSchema: TUnsafe<ChangedFilesOrder> = schemaOf<ChangedFilesOrder>()(
  Type.Object(
    {
      where: whereWord,
      path: pathWord,
      from: askedMoment('The earlier moment.'),
      to: askedMoment('The later moment.'),
    },
    { additionalProperties: false },
  ),
);

/** One file that differs between two moments. */
export const fileChangeSchema: TUnsafe<FileChangeReport> = schemaOf<FileChangeReport>()(
  Type.Object({
    change: Type.Unsafe<FileChangeName>(
      Type.Union(
        changes.map((word) => Type.Literal(word)),
        { description: 'What happened to it.' },
      ),
    ),
    path: Type.String({
      description: 'At the later moment, of a deleted file at the earlier one; hostile text.',
    }),
    previousPath: Type.Optional(
      Type.String({ description: 'Of a renamed file: its path at the earlier moment.' }),
    ),
    isChanged: Type.Optional(
      Type.Boolean({ description: 'Of a renamed file: whether it was changed as well.' }),
    ),
    kind: fileKind,
    sizeBytes: byteCount('Length of the content.'),
    modified: moment('When the content was last changed, as the file system says.'),
  }),
);

/** Last line of a list of changed files. */
export const changedFilesReportSchema: TUnsafe<ChangedFilesReport> = schemaOf<ChangedFilesReport>()(
  Type.Object({
    where: Type.String({ description: 'What was looked at.' }),
    path: Type.String({ description: 'The path that was asked for.' }),
    fromPoint: moment('The commit whose state the earlier moment shows.'),
    toPoint: moment('The commit whose state the later moment shows.'),
    changeCount: count('Changes told.'),
    notes: Type.Array(Type.String(), { description: 'What a person should know.' }),
  }),
);

import { type TString, type TUnsafe, Type } from 'typebox';
import type {
  MountOrder,
  MountReport,
  OpenedShareReport,
  ShareOrder,
  ShareReport,
} from '../../service/mount-report.ts';
import { schemaOf } from './schema-of.ts';
import { absolutePath, listenAddress, moment } from './words.ts';

const timeZone: TString = Type.String({
  description: 'IANA name of the zone in which times are written.',
  maxLength: 64,
});
const folder: TString = absolutePath('An existing folder.');

/** Body of POST /v1/mounts. */
export const mountOrderSchema: TUnsafe<MountOrder> = schemaOf<MountOrder>()(
  Type.Object({ folder, timeZone }, { additionalProperties: false }),
);

/** Body of POST /v1/mounts/end. */
export const unmountOrderSchema: TUnsafe<{ readonly folder: string; readonly isForced: boolean }> =
  schemaOf<{ readonly folder: string; readonly isForced: boolean }>()(
    Type.Object(
      { folder, isForced: Type.Boolean({ description: 'Also while programs use it.' }) },
      { additionalProperties: false },
    ),
  );

/** A mount in answers. */
export const mountReportSchema: TUnsafe<MountReport> = schemaOf<MountReport>()(
  Type.Object({ folder, since: moment('When it was mounted.') }),
);

/** Body of POST /v1/shares. */
export const shareOrderSchema: TUnsafe<ShareOrder> = schemaOf<ShareOrder>()(
  Type.Object({ listen: listenAddress(), timeZone }, { additionalProperties: false }),
);

/** Body of POST /v1/shares/end. */
export const shareEndSchema: TUnsafe<{ readonly listen: string }> = schemaOf<{
  readonly listen: string;
}>()(Type.Object({ listen: listenAddress() }, { additionalProperties: false }));

const shareFields = {
  listen: listenAddress(),
  url: Type.String({ description: 'Address for clients.' }),
  since: moment('When it was opened.'),
};

/** A WebDAV endpoint in answers. */
export const shareReportSchema: TUnsafe<ShareReport> = schemaOf<ShareReport>()(
  Type.Object(shareFields),
);

/** A WebDAV endpoint that was just opened. */
export const openedShareReportSchema: TUnsafe<OpenedShareReport> = schemaOf<OpenedShareReport>()(
  Type.Object({
    ...shareFields,
    password: Type.String({ description: 'Opens it, with any user name; told this once only.' }),
  }),
);

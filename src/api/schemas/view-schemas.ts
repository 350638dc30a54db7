import { type TUnsafe, Type } from 'typebox';
import type { ViewClosing, ViewOrder, ViewReport } from '../../service/view-report.ts';
import { schemaOf } from './schema-of.ts';
import {
  absolutePath,
  askedMoment,
  byteCount,
  count,
  listenAddress,
  moment,
  nameText,
} from './words.ts';

const machine = nameText('The machine.');
const disk = nameText("The disk's own name.");

/** Body of POST /v1/views. */
export const viewOrderSchema: TUnsafe<ViewOrder> = schemaOf<ViewOrder>()(
  Type.Object(
    {
      machine,
      disk,
      at: askedMoment('The moment.'),
      listen: listenAddress(),
      isWritable: Type.Boolean({ description: 'Whether it can be written, into an overlay.' }),
    },
    { additionalProperties: false },
  ),
);

/** Body of POST /v1/views/:id/close. */
export const viewClosingSchema: TUnsafe<ViewClosing> = schemaOf<ViewClosing>()(
  Type.Object(
    {
      keepAs: Type.Optional(
        absolutePath('New file for the whole disk with what was written to the view.'),
      ),
    },
    { additionalProperties: false },
  ),
);

/** A view in answers. */
export const viewReportSchema: TUnsafe<ViewReport> = schemaOf<ViewReport>()(
  Type.Object({
    id: Type.String({ description: 'Name to close it by, and of its NBD export.' }),
    machine,
    disk,
    asked: moment('The moment that was asked for.'),
    point: moment('The commit whose state it shows.'),
    listen: Type.String({ description: 'Address it is served at.' }),
    uri: Type.String({ description: 'The address as NBD clients write it.' }),
    sizeBytes: byteCount('Size of the disk.'),
    isWritable: Type.Boolean({ description: 'Whether it can be written.' }),
    writtenBytes: Type.Optional(byteCount('Written to it, in whole blocks.')),
    excludedBytes: Type.Optional(byteCount('Reads as zeroes because it was excluded.')),
    opened: moment('When it was opened.'),
    clientCount: count('Clients connected now.'),
    reason: Type.Optional(Type.String({ description: 'Why it is not served.' })),
  }),
);

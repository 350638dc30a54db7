import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { replyWithContent } from '../content-reply.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeContentRoute, describeLongRoute } from '../route-schema.ts';
import {
  changedFilesOrderSchema,
  changedFilesReportSchema,
  fileChangeSchema,
} from '../schemas/change-schemas.ts';
import {
  contentOrderSchema,
  copyBatchSchema,
  copyListReportSchema,
  copyOrderSchema,
  fileOrderSchema,
  fileReportSchema,
  listingReportSchema,
  versionsOrderSchema,
  versionsReportSchema,
} from '../schemas/file-schemas.ts';
import { nameOrderSchema, nameReportSchema, namesReportSchema } from '../schemas/name-schemas.ts';

const tag = 'files';

/** Rows of the error table that every question about files may be answered with. */
const fileErrors = [
  'UNKNOWN_MACHINE',
  'UNKNOWN_DISK',
  'NOT_FOUND',
  'NO_POINT_YET',
  'POINT_IN_GAP',
  'TIME_IN_FUTURE',
  'TIME_NOT_UNDERSTOOD',
  'NO_SUCH_FILE',
  'NOT_A_DIRECTORY',
  'NOT_A_FILE',
  'CANNOT_LOOK_INSIDE',
  'FILE_SYSTEM_DAMAGED',
  'DAMAGED',
] as const;

/**
 * Routes of files as they stood.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addFileRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { files } = useCases;
  addCopyRoutes(app, useCases, shared);
  addVersionRoute(app, useCases, shared);
  addChangedRoute(app, useCases, shared);
  addFindRoute(app, useCases, shared);
  const listing = { tag, summary: 'What a directory holds', errors: fileErrors };
  const listed = Type.Array(fileReportSchema);
  app.post(
    '/v1/files/list',
    {
      schema: { ...describeLongRoute(listing, listingReportSchema, listed), body: fileOrderSchema },
    },
    (request, reply) => replyAtLength(reply, shared, (action) => files.list(request.body, action)),
  );
  const reading = { tag, summary: 'The bytes of a file', errors: fileErrors };
  app.post(
    '/v1/files/read',
    { schema: { ...describeContentRoute(reading), body: fileOrderSchema } },
    (request, reply) => replyWithContent(reply, shared, (sink) => files.read(request.body, sink)),
  );
}

function addVersionRoute(app: ApiApp, { fileVersions }: UseCases, shared: LongReplies): void {
  const finding = { tag, summary: 'Every version of a file', errors: fileErrors };
  app.post(
    '/v1/files/versions',
    {
      schema: { ...describeLongRoute(finding, versionsReportSchema), body: versionsOrderSchema },
    },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => fileVersions.versions(request.body, action)),
  );
}

function addChangedRoute(app: ApiApp, { changedFiles }: UseCases, shared: LongReplies): void {
  const errors = [...fileErrors, 'LIMIT_EXCEEDED'] as const;
  const comparing = { tag, summary: 'Files that differ between two moments', errors };
  const changes = Type.Array(fileChangeSchema);
  app.post(
    '/v1/files/changed',
    {
      schema: {
        ...describeLongRoute(comparing, changedFilesReportSchema, changes),
        body: changedFilesOrderSchema,
      },
    },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => changedFiles.changed(request.body, action)),
  );
}

function addCopyRoutes(app: ApiApp, { copies }: UseCases, shared: LongReplies): void {
  const listing = { tag, summary: 'Everything to be copied but the contents', errors: fileErrors };
  app.post(
    '/v1/files/copy',
    {
      schema: {
        ...describeLongRoute(listing, copyListReportSchema, copyBatchSchema),
        body: copyOrderSchema,
      },
    },
    (request, reply) => replyAtLength(reply, shared, (action) => copies.list(request.body, action)),
  );
  const sending = { tag, summary: 'The contents of several files, in frames', errors: fileErrors };
  app.post(
    '/v1/files/contents',
    { schema: { ...describeContentRoute(sending), body: contentOrderSchema } },
    (request, reply) =>
      replyWithContent(reply, shared, (sink) => copies.contents(request.body, sink)),
  );
}

function addFindRoute(app: ApiApp, { names }: UseCases, shared: LongReplies): void {
  const errors = ['DAMAGED', 'TIME_NOT_UNDERSTOOD', 'IO_FAILED', 'NO_SPACE'] as const;
  const finding = { tag, summary: 'Files of all machines and times, by name', errors };
  app.post(
    '/v1/files/find',
    {
      schema: {
        ...describeLongRoute(finding, namesReportSchema, Type.Array(nameReportSchema)),
        body: nameOrderSchema,
      },
    },
    (request, reply) => replyAtLength(reply, shared, (action) => names.find(request.body, action)),
  );
}

import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute, describeRoute } from '../route-schema.ts';
import {
  diskAddressSchema,
  diskOrderSchema,
  diskReportSchema,
  scanReportSchema,
} from '../schemas/disk-schemas.ts';

import { exclusionOrderSchema, exclusionReportSchema } from '../schemas/exclusion-schemas.ts';

const tag = 'disks';
const unknown = ['UNKNOWN_MACHINE', 'UNKNOWN_DISK'] as const;
const opening = ['NOT_A_DISK', 'IN_USE', 'IO_FAILED', 'CAPTURE_UNAVAILABLE'] as const;
const params = diskAddressSchema;

/**
 * Routes of protected disks.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addDiskRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { disks } = useCases;
  addListing(app, useCases);
  addExclusions(app, useCases);
  app.post(
    '/v1/disks/:machine/:disk/pause',
    {
      schema: {
        ...describeRoute({ tag, summary: 'Stop capturing', errors: unknown }, diskReportSchema),
        params,
      },
    },
    (request) => disks.pause(request.params),
  );
  const resuming = { tag, summary: 'Capture again', errors: [...unknown, ...opening] };
  app.post(
    '/v1/disks/:machine/:disk/resume',
    { schema: { ...describeRoute(resuming, diskReportSchema), params } },
    (request) => disks.resume(request.params),
  );
  const scanning = {
    tag,
    summary: 'Compare an image and store what differs',
    errors: [...unknown, ...opening, 'NO_SPACE'] as const,
  };
  app.post(
    '/v1/disks/:machine/:disk/scan',
    { schema: { ...describeLongRoute(scanning, scanReportSchema), params } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => disks.scan(request.params, action)),
  );
}

function addExclusions(app: ApiApp, { exclusions }: UseCases): void {
  const path = '/v1/disks/:machine/:disk/exclusions';
  const showing = { tag, summary: 'What is excluded of a disk', errors: unknown };
  app.get(
    path,
    { schema: { ...describeRoute(showing, exclusionReportSchema), params } },
    (request) => exclusions.show(request.params),
  );
  const changing = { tag, summary: 'Replace what is excluded of a disk', errors: unknown };
  app.post(
    path,
    {
      schema: {
        ...describeRoute(changing, exclusionReportSchema),
        params,
        body: exclusionOrderSchema,
      },
    },
    (request) => exclusions.change(request.params, request.body),
  );
}

function addListing(app: ApiApp, { disks }: UseCases): void {
  const listing = { tag, summary: 'Every disk', errors: [] };
  app.get('/v1/disks', { schema: describeRoute(listing, Type.Array(diskReportSchema)) }, () => [
    ...disks.list(),
  ]);
  const adding = {
    tag,
    summary: 'Protect a disk',
    errors: ['ALREADY_EXISTS', ...opening] as const,
  };
  app.post(
    '/v1/disks',
    { schema: { ...describeRoute(adding, diskReportSchema), body: diskOrderSchema } },
    (request) => disks.add(request.body),
  );
  const removing = {
    tag,
    summary: 'End the protection; what was stored stays',
    errors: [...unknown, 'IN_USE'] as const,
  };
  app.delete(
    '/v1/disks/:machine/:disk',
    { schema: { ...describeRoute(removing, diskReportSchema), params } },
    (request) => disks.remove(request.params),
  );
}

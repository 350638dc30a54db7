import { Type } from 'typebox';
import { SecondwindError } from '../../base/errors.ts';
import { isTimeZone } from '../../base/zone-time.ts';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { describeRoute } from '../route-schema.ts';
import {
  mountOrderSchema,
  mountReportSchema,
  openedShareReportSchema,
  shareEndSchema,
  shareOrderSchema,
  shareReportSchema,
  unmountOrderSchema,
} from '../schemas/mount-schemas.ts';

const tag = 'mounts';

/**
 * Routes of mounts and WebDAV endpoints.
 * @param app - where they are added
 * @param useCases - what they call
 */
export function addMountRoutes(app: ApiApp, useCases: UseCases): void {
  addMounts(app, useCases);
  addShares(app, useCases);
}

function addMounts(app: ApiApp, { mounts }: UseCases): void {
  const listing = { tag, summary: 'Every mount', errors: [] };
  app.get('/v1/mounts', { schema: describeRoute(listing, Type.Array(mountReportSchema)) }, () => [
    ...mounts.list(),
  ]);
  const mounting = {
    tag,
    summary: 'Mount the files of all machines at all times on a folder',
    errors: ['ALREADY_EXISTS', 'LIMIT_EXCEEDED', 'IO_FAILED'] as const,
  };
  app.post(
    '/v1/mounts',
    { schema: { ...describeRoute(mounting, mountReportSchema), body: mountOrderSchema } },
    (request) => mounts.mount(inKnownZone(request.body)),
  );
  const unmounting = { tag, summary: 'End a mount', errors: ['NOT_FOUND', 'IO_FAILED'] as const };
  app.post(
    '/v1/mounts/end',
    { schema: { ...describeRoute(unmounting, mountReportSchema), body: unmountOrderSchema } },
    (request) => mounts.unmount(request.body.folder, request.body.isForced),
  );
}

function addShares(app: ApiApp, { shares }: UseCases): void {
  const listing = { tag, summary: 'Every WebDAV endpoint', errors: [] };
  app.get('/v1/shares', { schema: describeRoute(listing, Type.Array(shareReportSchema)) }, () => [
    ...shares.list(),
  ]);
  const opening = {
    tag,
    summary: 'Serve the files of all machines at all times over WebDAV, on this machine',
    errors: ['IN_USE', 'LIMIT_EXCEEDED', 'IO_FAILED'] as const,
  };
  app.post(
    '/v1/shares',
    { schema: { ...describeRoute(opening, openedShareReportSchema), body: shareOrderSchema } },
    (request) => shares.open(inKnownZone(request.body)),
  );
  const ending = { tag, summary: 'End a WebDAV endpoint', errors: ['NOT_FOUND'] as const };
  app.post(
    '/v1/shares/end',
    { schema: { ...describeRoute(ending, shareReportSchema), body: shareEndSchema } },
    (request) => shares.end(request.body.listen),
  );
}

function inKnownZone<Order extends { readonly timeZone: string }>(order: Order): Order {
  if (isTimeZone(order.timeZone)) return order;
  throw new SecondwindError('USAGE', { reason: `"${order.timeZone}" is no time zone` });
}

import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute, describeRoute } from '../route-schema.ts';
import {
  healthScheduleEndSchema,
  healthScheduleOrderSchema,
  healthScheduleReportSchema,
  verifyOrderSchema,
  verifyReportSchema,
} from '../schemas/verify-schemas.ts';

const errors = [
  'UNKNOWN_MACHINE',
  'UNKNOWN_DISK',
  'NOT_FOUND',
  'NO_POINT_YET',
  'POINT_IN_GAP',
  'TIME_IN_FUTURE',
  'TIME_NOT_UNDERSTOOD',
  'DAMAGED',
  'IO_FAILED',
  'NO_SPACE',
] as const;

const tag = 'health';

/**
 * The routes that check the health of points, at once and by themselves.
 * @param app - where it is added
 * @param useCases - what it calls
 * @param shared - see LongReplies
 */
export function addHealthRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  addSchedules(app, useCases);
  const checking = { tag, summary: 'Check the file systems of a point', errors };
  app.post(
    '/v1/verify',
    { schema: { ...describeLongRoute(checking, verifyReportSchema), body: verifyOrderSchema } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => useCases.health.verify(request.body, action)),
  );
}

function addSchedules(app: ApiApp, { healthSchedules }: UseCases): void {
  const path = '/v1/health-schedules';
  const listing = { tag, summary: 'Every health check that runs by itself', errors: [] };
  app.get(path, { schema: describeRoute(listing, Type.Array(healthScheduleReportSchema)) }, () => [
    ...healthSchedules.list(),
  ]);
  const setting = {
    tag,
    summary: 'Have a machine or disk checked by itself',
    errors: ['UNKNOWN_MACHINE', 'UNKNOWN_DISK', 'LIMIT_EXCEEDED'] as const,
  };
  app.post(
    path,
    {
      schema: {
        ...describeRoute(setting, healthScheduleReportSchema),
        body: healthScheduleOrderSchema,
      },
    },
    (request) => healthSchedules.set(request.body),
  );
  const ending = {
    tag,
    summary: 'Have it no longer checked by itself',
    errors: ['NOT_FOUND'] as const,
  };
  app.post(
    `${path}/end`,
    {
      schema: {
        ...describeRoute(ending, healthScheduleReportSchema),
        body: healthScheduleEndSchema,
      },
    },
    (request) => healthSchedules.end(request.body.where),
  );
}

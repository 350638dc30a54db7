import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute } from '../route-schema.ts';
import {
  restoreOrderSchema,
  restorePlanSchema,
  restoreReportSchema,
} from '../schemas/restore-schemas.ts';

const tag = 'restores';
const errors = [
  'UNKNOWN_MACHINE',
  'UNKNOWN_DISK',
  'NOT_FOUND',
  'NO_POINT_YET',
  'POINT_IN_GAP',
  'TIME_IN_FUTURE',
  'TIME_NOT_UNDERSTOOD',
  'REFUSED',
  'TARGET_TOO_SMALL',
  'NOT_A_DISK',
  'DAMAGED',
  'IO_FAILED',
  'NO_SPACE',
] as const;

/**
 * Routes that bring disks back.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addRestoreRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { restores } = useCases;
  const planning = { tag, summary: 'What an in-place restore would write', errors };
  app.post(
    '/v1/restores/plan',
    { schema: { ...describeLongRoute(planning, restorePlanSchema), body: restoreOrderSchema } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => restores.plan(request.body, action)),
  );
  const restoring = { tag, summary: 'Write a disk as it stood at a moment', errors };
  app.post(
    '/v1/restores',
    { schema: { ...describeLongRoute(restoring, restoreReportSchema), body: restoreOrderSchema } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => restores.restore(request.body, action)),
  );
}

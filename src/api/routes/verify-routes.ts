import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute } from '../route-schema.ts';
import { verifyOrderSchema, verifyReportSchema } from '../schemas/verify-schemas.ts';

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

/**
 * The route that checks the health of a point.
 * @param app - where it is added
 * @param useCases - what it calls
 * @param shared - see LongReplies
 */
export function addVerifyRoute(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const checking = { tag: 'health', summary: 'Check the file systems of a point', errors };
  app.post(
    '/v1/verify',
    { schema: { ...describeLongRoute(checking, verifyReportSchema), body: verifyOrderSchema } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => useCases.health.verify(request.body, action)),
  );
}

import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute, describeRoute } from '../route-schema.ts';
import { statusReportSchema } from '../schemas/status-schema.ts';
import {
  checkFindingsSchema,
  checkOrderSchema,
  rebuildReportSchema,
  statsReportSchema,
} from '../schemas/store-schemas.ts';

const tag = 'store';

/**
 * Routes of the server and its store.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addStoreRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { store } = useCases;
  const glance = { tag, summary: 'The server, at a glance', errors: [] };
  app.get('/v1/status', { schema: describeRoute(glance, statusReportSchema) }, () =>
    useCases.status(),
  );
  const sizes = { tag, summary: 'Sizes, and what dedup and compression save', errors: [] };
  app.get('/v1/stats', { schema: describeRoute(sizes, statsReportSchema) }, () => store.stats());
  const checking = { tag, summary: 'Look for damage', errors: ['IO_FAILED'] as const };
  app.post(
    '/v1/check',
    { schema: { ...describeLongRoute(checking, checkFindingsSchema), body: checkOrderSchema } },
    (request, reply) =>
      replyAtLength(reply, shared, (action) => store.check(request.body.contentShare, action)),
  );
  const rebuilding = {
    tag,
    summary: 'Build the indexes anew from the segments',
    errors: ['IO_FAILED', 'NO_SPACE', 'DAMAGED'] as const,
  };
  app.post(
    '/v1/rebuild',
    { schema: describeLongRoute(rebuilding, rebuildReportSchema) },
    (_request, reply) => replyAtLength(reply, shared, (action) => store.rebuild(action)),
  );
}

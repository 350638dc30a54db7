import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute, describeRoute } from '../route-schema.ts';
import { viewClosingSchema, viewOrderSchema, viewReportSchema } from '../schemas/view-schemas.ts';

const tag = 'views';
const viewParams = Type.Object({ id: Type.String({ description: 'The view.', maxLength: 40 }) });

/**
 * Routes of open views.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addViewRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { views } = useCases;
  const listing = { tag, summary: 'Every open view', errors: [] };
  app.get('/v1/views', { schema: describeRoute(listing, Type.Array(viewReportSchema)) }, () => [
    ...views.list(),
  ]);
  const opening = {
    tag,
    summary: 'Serve a disk as it stood at a moment',
    errors: [
      'UNKNOWN_MACHINE',
      'UNKNOWN_DISK',
      'NOT_FOUND',
      'NO_POINT_YET',
      'POINT_IN_GAP',
      'TIME_IN_FUTURE',
      'TIME_NOT_UNDERSTOOD',
      'IN_USE',
      'LIMIT_EXCEEDED',
      'IO_FAILED',
    ] as const,
  };
  app.post(
    '/v1/views',
    { schema: { ...describeRoute(opening, viewReportSchema), body: viewOrderSchema } },
    (request) => views.open(request.body),
  );
  const closing = {
    tag,
    summary: 'Close a view; what was written to it is kept in a file or thrown away',
    errors: ['NOT_FOUND', 'ALREADY_EXISTS', 'IO_FAILED', 'NO_SPACE', 'DAMAGED'] as const,
  };
  app.post(
    '/v1/views/:id/close',
    {
      schema: {
        ...describeLongRoute(closing, viewReportSchema),
        params: viewParams,
        body: viewClosingSchema,
      },
    },
    (request, reply) =>
      replyAtLength(reply, shared, (action) =>
        views.close(request.params.id, request.body, action),
      ),
  );
}

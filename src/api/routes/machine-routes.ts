import { Type } from 'typebox';
import { timelinePointsMax } from '../../base/limits.ts';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { type LongReplies, replyAtLength } from '../long-reply.ts';
import { describeLongRoute, describeRoute } from '../route-schema.ts';
import {
  bookmarkOrderSchema,
  bookmarkReportSchema,
  diskAddressSchema,
} from '../schemas/disk-schemas.ts';
import {
  changesOrderSchema,
  changesReportSchema,
  timelineReportSchema,
} from '../schemas/timeline-schemas.ts';
import { digits, momentText, nameText } from '../schemas/words.ts';

const tag = 'history';
const machineParams = Type.Object({ machine: nameText('The machine.') });

const timelineQuery = Type.Object(
  {
    disk: Type.Optional(nameText('Only this disk.')),
    from: Type.Optional(momentText('From this moment.')),
    to: Type.Optional(momentText('To this moment.')),
    limit: Type.Optional(digits(`Most points wanted; ${timelinePointsMax} when left out.`)),
  },
  { additionalProperties: false },
);

/**
 * Routes of a machine's history.
 * @param app - where they are added
 * @param useCases - what they call
 * @param shared - see LongReplies
 */
export function addMachineRoutes(app: ApiApp, useCases: UseCases, shared: LongReplies): void {
  const { history } = useCases;
  addTimeline(app, useCases);
  const marking = {
    tag,
    summary: 'Name a moment',
    errors: [
      'UNKNOWN_MACHINE',
      'ALREADY_EXISTS',
      'TIME_NOT_UNDERSTOOD',
      'TIME_IN_FUTURE',
      'NO_POINT_YET',
      'NOT_QUIESCED',
      'NOT_CAPTURED',
    ] as const,
  };
  app.post(
    '/v1/machines/:machine/bookmarks',
    {
      schema: {
        ...describeRoute(marking, bookmarkReportSchema),
        params: machineParams,
        body: bookmarkOrderSchema,
      },
    },
    (request) => history.bookmark(request.params.machine, request.body),
  );
  const comparing = {
    tag,
    summary: 'Which ranges differ between two moments',
    errors: [
      'UNKNOWN_MACHINE',
      'UNKNOWN_DISK',
      'NO_POINT_YET',
      'POINT_IN_GAP',
      'TIME_IN_FUTURE',
    ] as const,
  };
  app.post(
    '/v1/disks/:machine/:disk/changes',
    {
      schema: {
        ...describeLongRoute(comparing, changesReportSchema),
        params: diskAddressSchema,
        body: changesOrderSchema,
      },
    },
    (request, reply) =>
      replyAtLength(reply, shared, (action) =>
        history.changes(request.params, request.body, action),
      ),
  );
}

function addTimeline(app: ApiApp, { history }: UseCases): void {
  const looking = {
    tag,
    summary: 'Points, gaps and bookmarks',
    errors: ['UNKNOWN_MACHINE', 'UNKNOWN_DISK', 'TIME_NOT_UNDERSTOOD'] as const,
  };
  app.get(
    '/v1/machines/:machine/timeline',
    {
      schema: {
        ...describeRoute(looking, timelineReportSchema),
        params: machineParams,
        querystring: timelineQuery,
      },
    },
    (request) => {
      const { limit, ...rest } = request.query;
      const limited = limit === undefined ? {} : { limit: Number(limit) };
      return history.timeline({ machine: request.params.machine, ...rest, ...limited });
    },
  );
}

import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { describeRoute } from '../route-schema.ts';
import { askedMoment, digits, nameText } from '../schemas/words.ts';

const tag = 'debug';
const anything = Type.Unknown({ description: 'Decoded content; its form may change.' });
const machine = nameText('The machine.');

/**
 * Routes that decode what is stored.
 * @param app - where they are added
 * @param useCases - what they call
 */
export function addDebugRoutes(app: ApiApp, useCases: UseCases): void {
  const { debug } = useCases;
  addChunkAndSegment(app, useCases);
  const commits = {
    tag,
    summary: 'One commit record',
    errors: ['UNKNOWN_MACHINE', 'NOT_FOUND', 'DAMAGED'] as const,
  };
  const commitParams = Type.Object({ machine, sequence: digits('From 1.') });
  app.get(
    '/v1/debug/commits/:machine/:sequence',
    { schema: { ...describeRoute(commits, anything), params: commitParams } },
    (request) => debug.commit(request.params.machine, Number(request.params.sequence)),
  );
  const regions = {
    tag,
    summary: 'What the timeline says of one region',
    errors: ['UNKNOWN_MACHINE', 'UNKNOWN_DISK', 'NO_POINT_YET', 'POINT_IN_GAP'] as const,
  };
  const regionParams = Type.Object({
    machine,
    disk: nameText('The disk.'),
    region: digits('From 0.'),
  });
  const regionQuery = Type.Object(
    { at: Type.Optional(askedMoment('The moment; now when left out.')) },
    { additionalProperties: false },
  );
  app.get(
    '/v1/debug/regions/:machine/:disk/:region',
    {
      schema: {
        ...describeRoute(regions, anything),
        params: regionParams,
        querystring: regionQuery,
      },
    },
    (request) => {
      const { region, ...name } = request.params;
      return debug.region(name, Number(region), request.query.at ?? 'now');
    },
  );
}

function addChunkAndSegment(app: ApiApp, { debug }: UseCases): void {
  const segments = { tag, summary: 'One segment', errors: ['NOT_FOUND', 'DAMAGED'] as const };
  const segmentParams = Type.Object({ segment: digits('Number of the segment.') });
  app.get(
    '/v1/debug/segments/:segment',
    { schema: { ...describeRoute(segments, anything), params: segmentParams } },
    (request) => debug.segment(Number(request.params.segment)),
  );
  const chunks = { tag, summary: 'Where a chunk lies', errors: ['NOT_FOUND'] as const };
  const chunkParams = Type.Object({ name: Type.String({ pattern: '^[0-9a-f]{64}$' }) });
  app.get(
    '/v1/debug/chunks/:name',
    { schema: { ...describeRoute(chunks, anything), params: chunkParams } },
    (request) => debug.chunk(request.params.name),
  );
}

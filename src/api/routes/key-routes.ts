import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { describeRoute } from '../route-schema.ts';
import { addedKeySchema, keyOrderSchema, keyReportSchema } from '../schemas/key-schemas.ts';

const tag = 'keys';
const keyParams = Type.Object({ id: Type.String({ description: 'The slot.', maxLength: 64 }) });

/**
 * Routes of the keys that open the repository. Their bodies hold secrets, so nothing of them is ever logged.
 * @param app - where they are added
 * @param useCases - what they call
 */
export function addKeyRoutes(app: ApiApp, { keys }: UseCases): void {
  const listing = { tag, summary: 'Every key slot', errors: [] };
  app.get('/v1/keys', { schema: describeRoute(listing, Type.Array(keyReportSchema)) }, async () => [
    ...(await keys.list()),
  ]);
  const adding = { tag, summary: 'Add a key', errors: ['LIMIT_EXCEEDED', 'IO_FAILED'] as const };
  app.post(
    '/v1/keys',
    { schema: { ...describeRoute(adding, addedKeySchema), body: keyOrderSchema } },
    (request) => keys.add(request.body),
  );
  const removing = { tag, summary: 'Remove a key', errors: ['NOT_FOUND', 'LAST_KEY'] as const };
  app.delete(
    '/v1/keys/:id',
    { schema: { ...describeRoute(removing, keyReportSchema), params: keyParams } },
    (request) => keys.remove(request.params.id),
  );
}

import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { describeRoute } from '../route-schema.ts';
import {
  guestOrderSchema,
  linkOrderSchema,
  machineReportSchema,
} from '../schemas/machine-schemas.ts';
import { nameText } from '../schemas/words.ts';

const tag = 'machines';
const params = Type.Object({ machine: nameText('The machine.') });
const reports = Type.Array(machineReportSchema);

/**
 * Routes of guests that are protected from outside, and of machines that are one server.
 * @param app - where they are added
 * @param useCases - what they call
 */
export function addGuestRoutes(app: ApiApp, useCases: UseCases): void {
  const { machines } = useCases;
  const listing = { tag, summary: 'Every machine, those of one server together', errors: [] };
  app.get('/v1/machines', { schema: describeRoute(listing, reports) }, () => [...machines.list()]);
  const protecting = {
    tag,
    summary: 'Protect a running guest from outside',
    errors: [
      ...(['ALREADY_EXISTS', 'GUEST_UNREACHABLE', 'GUEST_REFUSED', 'PROTOCOL'] as const),
      ...(['NOT_FOUND', 'LIMIT_EXCEEDED', 'IO_FAILED'] as const),
    ],
  };
  app.post(
    '/v1/machines',
    { schema: { ...describeRoute(protecting, machineReportSchema), body: guestOrderSchema } },
    (request) => machines.protect(request.body),
  );
  const ending = {
    tag,
    summary: 'End the protection of a guest; it runs on, and its points remain',
    errors: ['NOT_FOUND', 'IO_FAILED'] as const,
  };
  app.delete(
    '/v1/machines/:machine',
    { schema: { ...describeRoute(ending, machineReportSchema), params } },
    (request) => machines.unprotect(request.params.machine),
  );
  addLinks(app, useCases);
}

function addLinks(app: ApiApp, { machines }: UseCases): void {
  const errors = ['UNKNOWN_MACHINE'] as const;
  const linking = { tag, summary: 'Show two machines as one server', errors };
  app.post(
    '/v1/machines/:machine/links',
    { schema: { ...describeRoute(linking, reports), params, body: linkOrderSchema } },
    (request) => [...machines.link(request.params.machine, request.body.other)],
  );
  const unlinking = { tag, summary: 'Show a machine as a server of its own again', errors };
  app.delete(
    '/v1/machines/:machine/links',
    { schema: { ...describeRoute(unlinking, reports), params } },
    (request) => [...machines.unlink(request.params.machine)],
  );
}

import { Type } from 'typebox';
import type { UseCases } from '../../service/use-cases.ts';
import type { ApiApp } from '../api-app.ts';
import { describeRoute } from '../route-schema.ts';
import {
  agentOrderSchema,
  agentReportSchema,
  enrolmentReportSchema,
} from '../schemas/agent-schemas.ts';
import { nameText } from '../schemas/words.ts';

const tag = 'machines';

/**
 * Routes of machines that send their commits themselves.
 * @param app - where they are added
 * @param useCases - what they call
 */
export function addAgentRoutes(app: ApiApp, { agents }: UseCases): void {
  const listing = { tag, summary: 'Every machine with an agent', errors: [] };
  app.get('/v1/agents', { schema: describeRoute(listing, Type.Array(agentReportSchema)) }, () => [
    ...agents.list(),
  ]);
  const enrolling = {
    tag,
    summary: 'Give out a code with which a machine is enrolled',
    errors: ['ALREADY_EXISTS'] as const,
  };
  app.post(
    '/v1/agents',
    { schema: { ...describeRoute(enrolling, enrolmentReportSchema), body: agentOrderSchema } },
    (request) => agents.enrol(request.body.machine),
  );
  const revoking = {
    tag,
    summary: 'Admit the agent of a machine no more; its points remain',
    errors: ['NOT_FOUND', 'IO_FAILED'] as const,
  };
  const params = Type.Object({ machine: nameText('The machine.') });
  app.delete(
    '/v1/agents/:machine',
    { schema: { ...describeRoute(revoking, agentReportSchema), params } },
    (request) => agents.revoke(request.params.machine),
  );
}

import { type TUnsafe, Type } from 'typebox';
import type { AgentReport, EnrolmentReport } from '../../service/agent-report.ts';
import { schemaOf } from './schema-of.ts';
import { milliseconds, momentText, nameText } from './words.ts';

/** Body of POST /v1/agents. */
export const agentOrderSchema: TUnsafe<{ readonly machine: string }> = schemaOf<{
  readonly machine: string;
}>()(
  Type.Object(
    { machine: nameText('What the machine is called.') },
    { additionalProperties: false },
  ),
);

/** A code that was given out. */
export const enrolmentReportSchema: TUnsafe<EnrolmentReport> = schemaOf<EnrolmentReport>()(
  Type.Object({
    machine: nameText('The machine.'),
    code: Type.String({ description: 'The code; a secret until it is used.' }),
    until: momentText('Until when it can be used.'),
    listen: Type.String({ description: 'Where the server listens for agents.' }),
  }),
);

/** The agent of a machine in answers. */
export const agentReportSchema: TUnsafe<AgentReport> = schemaOf<AgentReport>()(
  Type.Object({
    machine: nameText('The machine.'),
    state: Type.Unsafe<AgentReport['state']>({
      type: 'string',
      enum: ['connected', 'away', 'revoked'],
      description: 'What it does.',
    }),
    enrolled: Type.Optional(momentText('When it was enrolled.')),
    lastHeard: Type.Optional(momentText('When it was last connected.')),
    peer: Type.Optional(Type.String({ description: 'Its address.' })),
    lagMs: Type.Optional(milliseconds('How far its newest point lies behind now.')),
  }),
);

import { type TUnsafe, Type } from 'typebox';
import type { ActionProgress } from '../../service/long-action.ts';
import { schemaOf } from './schema-of.ts';

/** How far a long action has come. */
export const progressSchema: TUnsafe<ActionProgress> = schemaOf<ActionProgress>()(
  Type.Object({
    phase: Type.String({ description: 'Words for people.' }),
    done: Type.Number({ description: 'Done so far.' }),
    total: Type.Number({ description: 'All there is to do; 0 when it is not known yet.' }),
    unit: Type.String({ description: 'What is counted.' }),
  }),
);

import { type TUnsafe, Type } from 'typebox';
import type { StatusReport } from '../../service/status-report.ts';
import { diskReportSchema } from './disk-schemas.ts';
import { mountReportSchema, shareReportSchema } from './mount-schemas.ts';
import { schemaOf } from './schema-of.ts';
import { healthScheduleReportSchema, runningCheckSchema } from './verify-schemas.ts';
import { viewReportSchema } from './view-schemas.ts';
import { count, moment } from './words.ts';

/** Answer of GET /v1/status. */
export const statusReportSchema: TUnsafe<StatusReport> = schemaOf<StatusReport>()(
  Type.Object({
    version: Type.String({ description: 'Version of the program.' }),
    pid: count('Process.'),
    since: moment('Since when it serves.'),
    dataFolder: Type.String({ description: 'Its data folder.' }),
    lastPoint: Type.Optional(moment('Newest commit of all.')),
    disks: Type.Array(diskReportSchema, { description: 'Every disk.' }),
    views: Type.Array(viewReportSchema, { description: 'Every open view.' }),
    mounts: Type.Array(mountReportSchema, { description: 'Every mount of files.' }),
    shares: Type.Array(shareReportSchema, { description: 'Every WebDAV endpoint.' }),
    healthSchedules: Type.Array(healthScheduleReportSchema, {
      description: 'Every health check that runs by itself.',
    }),
    healthCheck: Type.Optional(runningCheckSchema),
  }),
);

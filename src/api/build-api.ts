import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import {
  apiConnectionsMax,
  nameBytesMax,
  requestBodyBytesMax,
  requestUrlCharactersMax,
} from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { UseCases } from '../service/use-cases.ts';
import type { ApiApp } from './api-app.ts';
import { asSecondwindError, errorDocument } from './error-document.ts';
import { describeRoute } from './route-schema.ts';
import { addAgentRoutes } from './routes/agent-routes.ts';
import { addDebugRoutes } from './routes/debug-routes.ts';
import { addDiskRoutes } from './routes/disk-routes.ts';
import { addFileRoutes } from './routes/file-routes.ts';
import { addGuestRoutes } from './routes/guest-routes.ts';
import { addHealthRoutes } from './routes/health-routes.ts';
import { addKeyRoutes } from './routes/key-routes.ts';
import { addMachineRoutes } from './routes/machine-routes.ts';
import { addMountRoutes } from './routes/mount-routes.ts';
import { addRestoreRoutes } from './routes/restore-routes.ts';
import { addStoreRoutes } from './routes/store-routes.ts';
import { addViewRoutes } from './routes/view-routes.ts';

/** What the API is built from. */
export interface ApiParts {
  /** What its routes call. */
  readonly useCases: UseCases;
  /** Version told in the OpenAPI document. */
  readonly version: string;
  /** Hears of errors that are our own fault; of requests nothing is logged. */
  readonly log: Logger;
  /** Spaces progress lines. */
  readonly clock: Clock;
  /** Ends long actions when the server ends. */
  readonly signal: AbortSignal;
}

/** A local client has no reason to dawdle. */
const requestMs = 30_000;

/**
 * Builds the HTTP API; it does not listen yet.
 * @param parts - see ApiParts
 */
export async function buildApi(parts: ApiParts): Promise<ApiApp> {
  const app: ApiApp = fastify({
    logger: false,
    bodyLimit: requestBodyBytesMax,
    requestTimeout: requestMs,
    routerOptions: { maxParamLength: nameBytesMax * 3 },
    maxRequestsPerSocket: 0,
    http: { maxHeaderSize: requestUrlCharactersMax * 2 },
    // Nothing is bent into shape: what a schema does not allow is refused.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    forceCloseConnections: true,
    // What is refused before a route is found is told like everything else.
    frameworkErrors: (caught, _request, reply: FastifyReply) => {
      const error = asSecondwindError(caught);
      void reply.status(error.definition.httpStatus).send(errorDocument(error));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = apiConnectionsMax;
  addErrors(app, parts.log);
  await addOpenApi(app, parts.version);
  const shared = { clock: parts.clock, signal: parts.signal };
  await app.register(async (routes: ApiApp) => {
    addDiskRoutes(routes, parts.useCases, shared);
    addAgentRoutes(routes, parts.useCases);
    addGuestRoutes(routes, parts.useCases);
    addMachineRoutes(routes, parts.useCases, shared);
    addFileRoutes(routes, parts.useCases, shared);
    addHealthRoutes(routes, parts.useCases, shared);
    addMountRoutes(routes, parts.useCases);
    addRestoreRoutes(routes, parts.useCases, shared);
    addViewRoutes(routes, parts.useCases, shared);
    addStoreRoutes(routes, parts.useCases, shared);
    addKeyRoutes(routes, parts.useCases);
    addDebugRoutes(routes, parts.useCases);
    addDocument(routes);
  });
  return app;
}

function addErrors(app: ApiApp, log: Logger): void {
  app.setErrorHandler(async (caught, request, reply) => {
    const error = asSecondwindError(caught);
    if (error.code === 'INTERNAL')
      log.error('A request failed', { route: request.routeOptions.url, error: caught });
    return reply.status(error.definition.httpStatus).send(errorDocument(error));
  });
  app.setNotFoundHandler(async (request, reply) => {
    const name = `${request.method} ${request.url.slice(0, 200)}`;
    const error = new SecondwindError('NOT_FOUND', { what: 'route', name });
    return reply.status(error.definition.httpStatus).send(errorDocument(error));
  });
}

async function addOpenApi(app: ApiApp, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Secondwind',
        version,
        description: 'Every disk as it stood at any second. Served on a local socket only.',
      },
    },
  });
}

function addDocument(app: ApiApp): void {
  const words = { tag: 'api', summary: 'This API as an OpenAPI document', errors: [] };
  const anything = Type.Unknown({ description: 'OpenAPI 3.1.' });
  app.get('/v1/openapi.json', { schema: describeRoute(words, anything) }, () => app.swagger());
}

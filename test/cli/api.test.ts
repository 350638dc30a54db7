import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { errorTable } from '../../src/base/error-table.ts';
import { CommandRig } from './command-rig.ts';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: object }>
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const rig = new CommandRig();
let document: OpenApi;

before(async () => {
  await rig.serve();
  document = JSON.parse((await ask('GET', '/v1/openapi.json')).text) as OpenApi;
});
after(() => rig.close());

function ask(method: string, path: string, body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = { 'content-length': Buffer.byteLength(body ?? '') };
  const headers = body === undefined ? length : { 'content-type': 'application/json', ...length };
  const socketPath = `${rig.dataFolder}/secondwind.sock`;
  const sent = request({ socketPath, method, path, headers, agent: false }, (response) => {
    response.toArray().then(
      (pieces) =>
        resolve({
          status: response.statusCode!,
          text: Buffer.concat(pieces as Buffer[]).toString(),
        }),
      reject,
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

function operations(): readonly (readonly [string, string, Operation])[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [method.toUpperCase(), path, operation] as const,
    ),
  );
}

test('every route says what it does, what it answers, and how it fails', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.ok(operations().length >= 25);
  for (const [method, path, operation] of operations()) {
    const name = `${method} ${path}`;
    assert.ok(path.startsWith('/v1/'), name);
    assert.match(operation.summary ?? '', /^[A-Z].{5,}/, `${name} has no summary`);
    assert.equal(operation.tags?.length, 1, `${name} belongs to one noun`);
    assert.ok(operation.responses['200']?.content, `${name} does not describe its answer`);
    const documented = Object.entries(operation.responses).filter(([status]) => status !== '200');
    const codes = documented.flatMap(([status, { description = '' }]) =>
      description.split(', ').map((code) => [status, code] as const),
    );
    assert.ok(
      codes.some(([, code]) => code === 'USAGE'),
      `${name} does not say how it fails`,
    );
    for (const [status, code] of codes) {
      const row = Object.entries(errorTable).find(([known]) => known === code)?.[1];
      assert.equal(String(row?.httpStatus), status, `${name}: ${code}`);
    }
  }
});

test('an error is answered with its status, code, message, advice and data', async () => {
  const { status, text } = await ask('GET', '/v1/machines/nobody/timeline');
  assert.equal(status, 404);
  const answer = JSON.parse(text) as Record<string, unknown>;
  assert.equal(answer['code'], 'UNKNOWN_MACHINE');
  assert.deepEqual(Object.keys(answer).sort(), ['advice', 'code', 'data', 'message']);
  assert.deepEqual(answer['data'], { machine: 'nobody' });
});

test('what is no route, too long or too large is refused', async () => {
  assert.equal((await ask('GET', '/')).status, 404);
  assert.equal((await ask('GET', '/v2/status')).status, 404);
  assert.equal((await ask('GET', `/v1/machines/${'x'.repeat(3000)}/timeline`)).status, 400);
  const large = JSON.stringify({ name: 'x'.repeat(100_000) });
  assert.equal((await ask('POST', '/v1/machines/a/bookmarks', large)).status, 400);
  const extra = JSON.stringify({ name: 'x', unknown: 1 });
  assert.equal((await ask('POST', '/v1/machines/a/bookmarks', extra)).status, 400);
});

test('no request whatever makes the server fail', async () => {
  const routes = operations()
    .map(([method, path]) => `${method} ${path}`)
    .filter((route) => !route.endsWith('/openapi.json'));
  const odd = fc.constantFrom('..', '%00', 'a', '1', '-1', 'now', 'x'.repeat(500));
  const piece = fc.oneof(fc.string({ maxLength: 30 }), odd);
  const documents = fc.constantFrom('{', '[]', 'null', '{"name":1}', '{"name":"a","at":"now"}');
  const body = fc.option(fc.oneof(fc.json(), fc.string(), documents), { nil: undefined });
  const pieces = fc.array(piece, { minLength: 3, maxLength: 3 });
  const check = async (route: string, parts: string[], sent: string | undefined): Promise<void> => {
    const [method = '', path = ''] = route.split(' ');
    let index = 0;
    const filled = path.replace(/\{\w+\}/g, () => encodeURIComponent(parts[index++]!) || 'x');
    const { status, text } = await ask(method, filled, sent);
    assert.ok(status < 500, `${status}: ${text}`);
    assert.doesNotMatch(text, /\.ts:\d+/, 'a stack trace is shown');
  };
  const property = fc.asyncProperty(fc.constantFrom(...routes), pieces, body, check);
  await fc.assert(property, { numRuns: 400 });
  assert.equal((await ask('GET', '/v1/status')).status, 200);
});

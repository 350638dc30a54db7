import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.ts';
import { isSecondwindError } from './errors.ts';

const understood: Readonly<Record<string, Endpoint>> = {
  'unix:/run/sw.sock': { kind: 'unix', path: '/run/sw.sock' },
  'unix:sw sock:1': { kind: 'unix', path: 'sw sock:1' },
  'localhost:10809': { kind: 'tcp', host: 'localhost', port: 10809 },
  '127.0.0.1:0': { kind: 'tcp', host: '127.0.0.1', port: 0 },
  '[::1]:65535': { kind: 'tcp', host: '::1', port: 65535 },
};

const refused: Readonly<Record<string, RegExp>> = {
  '': /unix:PATH or HOST:PORT/,
  '10809': /unix:PATH or HOST:PORT/,
  'unix:': /path of the socket is missing/,
  'unix:a\0b': /zero byte/,
  [`unix:/${'x'.repeat(107)}`]: /108 bytes long/,
  ':10809': /host is missing/,
  'a b:1': /no host name/,
  'host:65536': /at most 65535/,
  'host:-1': /unix:PATH or HOST:PORT/,
  'host:': /unix:PATH or HOST:PORT/,
  '::1:80': /unix:PATH or HOST:PORT/,
  '[localhost]:80': /no IPv6 address/,
  '/run/sw.sock': /unix:PATH or HOST:PORT/,
};

describe('parseEndpoint', () => {
  for (const [text, endpoint] of Object.entries(understood)) {
    test(`understands ${text}, and it is written the same again`, () => {
      assert.deepEqual(parseEndpoint(text), endpoint);
      assert.equal(formatEndpoint(endpoint), text);
    });
  }

  for (const [text, reason] of Object.entries(refused)) {
    test(`refuses ${JSON.stringify(text.slice(0, 20))} with the reason`, () => {
      const isUsage = (error: unknown): boolean =>
        isSecondwindError(error, 'USAGE') && reason.test(error.message);
      assert.throws(() => parseEndpoint(text), isUsage);
    });
  }

  test('any text is an address that can be written again, or a wrong call', () => {
    const parts = fc.constantFrom(
      'unix:',
      '[',
      ']',
      '::1',
      ':',
      '80',
      'host',
      '/run',
      '.',
      '\u001b',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(parts).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (anything) => {
        try {
          const endpoint = parseEndpoint(anything);
          assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint);
        } catch (error) {
          assert(isSecondwindError(error, 'USAGE'), String(error));
        }
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from '../base/errors.ts';
import { type AnswerPart, AnswerReader } from './answer-reader.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** Takes an answer in pieces that end at the cuts. */
function read(text: string, cuts: readonly number[]): Answer & { readonly isOver: boolean } {
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const reader = new AnswerReader();
  const parts: AnswerPart[] = [];
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    for (const part of reader.take(bytes.subarray(from, end))) {
      parts.push(part.kind === 'body' ? { ...part, bytes: Buffer.from(part.bytes) } : part);
    }
    from = end;
  }
  const body = parts.flatMap((part) => (part.kind === 'body' ? [Buffer.from(part.bytes)] : []));
  const head = parts.find((part) => part.kind === 'head');
  const last = parts.find((part) => part.kind === 'end');
  return {
    ...{ status: head?.status ?? 0, body: Buffer.concat(body).toString('latin1') },
    ...{ trailers: [...(last?.trailers ?? [])], isOver: reader.isOver },
  };
}

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n';

test('an answer is the same however it is cut', () => {
  const pieces = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }));
  const property = fc.property(pieces, fc.array(fc.nat()), fc.boolean(), (bodies, cuts, isCut) => {
    const chunks = bodies.map((body) => `${body.length.toString(16)}\r\n${body}\r\n`).join('');
    const trailer = isCut ? 'Secondwind-Error: %7B%7D\r\n' : '';
    const text = `${head}${chunks}0\r\n${trailer}\r\n`;
    assert.deepEqual(read(text, cuts), {
      ...{ status: 200, body: bodies.join(''), isOver: true },
      trailers: isCut ? [['secondwind-error', '%7B%7D']] : [],
    });
  });
  fc.assert(property);
  const refusal = 'HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nabc';
  for (let cut = 0; cut <= refusal.length; cut++) {
    const answer = read(refusal, [cut]);
    assert.deepEqual(answer, { status: 404, body: 'abc', trailers: [], isOver: true });
  }
});

test('an answer that is cut short is not over, and one that is none is refused', () => {
  const whole = `${head}3\r\nabc\r\n0\r\n\r\n`;
  for (let end = 0; end < whole.length; end++) assert.ok(!read(whole.slice(0, end), []).isOver);
  const wrong = [
    'SSH-2.0\r\n\r\n',
    `${head}xyz\r\n`,
    `${head}3\r\nabcd\r\n0\r\n\r\n`,
    `${whole}more`,
    'HTTP/1.1 200 OK\r\n\r\n',
    `HTTP/1.1 200 ${'x'.repeat(100_000)}`,
  ];
  for (const text of wrong) {
    assert.throws(
      () => read(text, []),
      (error) => isSecondwindError(error, 'PROTOCOL'),
      text.slice(0, 80),
    );
  }
});

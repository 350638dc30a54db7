import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorDocs } from '../../scripts/error-docs.ts';
import { tidyRules } from '../../scripts/tidy-rules.ts';

/** Findings of one rule over files given as path → text. */
function findings(rule: string, files: Readonly<Record<string, string>>): string[] {
  return tidyRules[rule]!(Object.entries(files).map(([path, text]) => ({ path, text })));
}

/** For each rule: files that it must find fault with, and files that it must leave alone. */
const cases: Readonly<
  Record<string, { bad: Record<string, string>; good: Record<string, string> }>
> = {
  'file-length': {
    bad: { 'src/a.ts': 'x\n'.repeat(401) },
    good: {
      'src/a.ts': 'x\n'.repeat(400),
      'src/a.test.ts': 'x\n'.repeat(600),
      'docs/a.md': 'x\n'.repeat(999),
    },
  },
  'file-name': {
    bad: { 'src/a/diskUtils.ts': '' },
    good: { 'src/a/disk-name.test.ts': '', 'src/a/crc32.ts': '', '.dependency-cruiser.cjs': '' },
  },
  'unfinished-work': {
    bad: { 'src/a.ts': '// TODO later' },
    good: { 'src/a.ts': 'const autodoc = 1;', 'docs/a.md': 'TODO' },
  },
  'skipped-test': {
    bad: { 'src/a.test.ts': "test.skip('x', () => {});" },
    good: { 'src/a.test.ts': 'reader.skip(4);', 'src/a.ts': 'test.only(1);' },
  },
  'lint-exception': {
    bad: { 'src/a.ts': '// eslint-disable-next-line no-empty' },
    good: { 'src/a.ts': '// eslint-disable-next-line no-empty -- the peer may be gone' },
  },
  'machine-path': {
    bad: { 'docs/a.md': 'see `/work/main`' },
    good: { 'src/a.ts': "import '../network/work/x.ts';", 'docs/a.md': 'the path home/root/x' },
  },
  'lock-host': {
    bad: { 'package-lock.json': '{"resolved": "https://example.org/a.tgz"}' },
    good: { 'package-lock.json': '{"integrity": "sha512-…"}' },
  },
  'lock-gap': {
    bad: {
      'package-lock.json':
        '{"packages":{"node_modules/a":{"optionalDependencies":{"a-linux-x64":"1","a-win32-x64":"1"}},"node_modules/a-linux-x64":{}}}',
    },
    good: {
      'package-lock.json':
        '{"packages":{"node_modules/b/node_modules/a":{"optionalDependencies":{"x":"1","y":"1"}},"node_modules/b/node_modules/x":{},"node_modules/y":{}}}',
    },
  },
  'dead-link': {
    bad: { 'docs/a.md': '[x](b.md)' },
    good: {
      'docs/a.md':
        '# My Title\n[x](b/c.md#why-so) [y](#my-title) [z](b/) [w](https://example.org) `[v](gone.md)`',
      'docs/b/c.md': '## Why so?',
    },
  },
  'unreached-test': {
    bad: { 'scripts/a.test.ts': '' },
    good: { 'src/a/a.test.ts': '', 'test/a.test.ts': '' },
  },
  'error-docs': {
    bad: { 'docs/errors.md': `${errorDocs()}and more` },
    good: { 'docs/errors.md': errorDocs() },
  },
  'script-docs': {
    bad: {
      'package.json': '{"scripts":{"demo":""}}',
      'docs/hacking.md': '`npm run demo` `npm run gone`',
    },
    good: {
      'package.json': '{"scripts":{"demo":""}}',
      'docs/hacking.md': '`npm run demo` `npm ci`',
    },
  },
};

describe('tidy', () => {
  for (const [rule, { bad, good }] of Object.entries(cases)) {
    test(`${rule} finds its fault and nothing else`, () => {
      assert.equal(findings(rule, bad).length, 1);
      assert.deepEqual(findings(rule, good), []);
    });
  }

  test('unused-error finds a code that is thrown nowhere', () => {
    const unused = findings('unused-error', { 'src/a.ts': "new SecondwindError('IN_USE', {})" });
    assert(unused.some((finding) => finding.includes('WRONG_KEY')));
    assert(!unused.some((finding) => finding.includes('IN_USE')));
  });

  test('dead-link finds a heading that is gone', () => {
    const files = { 'docs/a.md': '[x](b.md#gone)', 'docs/b.md': '# Here' };
    assert.match(findings('dead-link', files)[0] ?? '', /no such heading/);
  });

  test('every rule is tried here', () => {
    assert.deepEqual(Object.keys(tidyRules).sort(), [...Object.keys(cases), 'unused-error'].sort());
  });
});

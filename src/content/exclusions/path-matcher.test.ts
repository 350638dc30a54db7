import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { PathMatcher } from './path-matcher.ts';

function isMatched(path: string, patterns: readonly string[], isCaseIgnored = false): boolean {
  const matcher = new PathMatcher(patterns, isCaseIgnored);
  let state = matcher.start;
  for (const name of path.split('/').slice(1)) state = matcher.next(state, name);
  return state === 'all';
}

test('a folder stands for all in it, a pattern without a slash for a name anywhere', () => {
  assert(isMatched('/var/tmp/a/b', ['/var/tmp']));
  assert(isMatched('/var/tmp/a', ['var/tmp/']));
  assert(!isMatched('/var/tmpfiles/a', ['/var/tmp']));
  assert(!isMatched('/srv/var/tmp/a', ['/var/tmp']));
  assert(isMatched('/srv/deep/x.iso', ['*.iso']));
  assert(isMatched('/x.iso', ['*.iso']));
  assert(!isMatched('/x.iso.txt', ['*.iso']));
});

test('"**" stands for any number of folders, and behind a folder for what lies in it', () => {
  assert(isMatched('/a/b', ['/a/**/b']));
  assert(isMatched('/a/x/y/b', ['/a/**/b']));
  assert(!isMatched('/a/x/y/c', ['/a/**/b']));
  assert(isMatched('/a/x/y', ['/a/**']));
  assert(!isMatched('/a', ['/a/**']));
  assert(isMatched('/k/a/x/a/b/c', ['/k/**/a/?/c']));
});

test('any of several patterns may match, and case counts where the file system says so', () => {
  assert(isMatched('/two/x', ['/one', '/two']));
  assert(isMatched('/Windows/TEMP/x', ['C:\\nothing', '/windows/temp'], true));
  assert(!isMatched('/Windows/TEMP/x', ['/windows/temp']));
  assert(!isMatched('/x', []));
});

test('a folder that can be reached by two paths is matched by either', () => {
  const matcher = new PathMatcher(['C:\\scratch', '/pagefile.sys'], true);
  const root = matcher.either([matcher.start, matcher.next(matcher.start, 'C:')]);
  assert.equal(matcher.next(root, 'pagefile.sys'), 'all');
  assert.equal(matcher.next(root, 'Scratch'), 'all');
  assert.notEqual(matcher.next(root, 'other'), 'all');
  assert.equal(matcher.either([[], 'all']), 'all');
});

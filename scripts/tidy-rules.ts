import { basename, dirname, join, normalize } from 'node:path';
import { errorTable } from '../src/base/error-table.ts';
import { errorDocs } from './error-docs.ts';
import { type LockedPackage, lockGaps } from './lock-gaps.ts';
import type { SourceFile } from './source-file.ts';

/** A rule over the whole project: one sentence for each thing that is not tidy. */
export type TidyRule = (files: readonly SourceFile[]) => string[];

/** Longest file, lines: beyond this it is two things. Tests and tables of cases may be longer. */
const productLinesMax = 400;
const testLinesMax = 600;

const isTest = (path: string): boolean => /\.test\.ts$|^test\/|^src\/testing\//.test(path);
const isCode = (path: string): boolean => /\.(ts|js|cjs|mjs|sh)$/.test(path);

/** The tidy rules search for words that they may not contain themselves. */
const isExemptFromWords = (path: string): boolean =>
  /^(scripts\/tidy-rules|test\/house\/)/.test(path);

/** Every rule, by the name that is printed before its findings. */
export const tidyRules: Readonly<Record<string, TidyRule>> = {
  'file-length': (files) =>
    files
      .filter((file) => isCode(file.path))
      .flatMap((file) => {
        const linesMax = isTest(file.path) ? testLinesMax : productLinesMax;
        const lines = file.text.split('\n').length - 1;
        return lines > linesMax ? [`${file.path} has ${lines} lines, more than ${linesMax}`] : [];
      }),

  'file-name': (files) =>
    files
      .filter((file) => isCode(file.path) && file.path.includes('/'))
      .filter((file) => {
        const words = basename(file.path)
          .replace(/^\./, '')
          .replace(/\.[a-z]+$/, '');
        const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fuzz|bench))?$/.test(words);
        return !isKebab || /^(utils?|helpers?|.*manager|common|misc|shared)$/.test(words);
      })
      .map((file) => `${file.path}: name it in kebab-case after the thing it holds`),

  'unfinished-work': (files) =>
    matches(
      files,
      (path) => isCode(path),
      /\b(TODO|FIXME|XXX|HACK)\b/,
      'finish it, or file an issue',
    ),

  'skipped-test': (files) =>
    matches(
      files,
      isTest,
      /\b(test|it|describe|suite|t|context)\.(only|skip|todo)\b|\b(only|skip|todo): *(true|['"`])/,
      'every test runs always',
    ),

  'lint-exception': (files) =>
    matches(
      files,
      isCode,
      /(eslint-disable|biome-ignore|@ts-expect-error|@ts-ignore)(?!.*(--|:) \S)/,
      'say why after " -- "',
    ),

  'machine-path': (files) =>
    matches(
      files,
      (path) => path !== 'package-lock.json',
      /(^|[\s"'`(=:])\/(work|root)\/|\/tmp\/(probe|brief)/,
      'this path exists on one machine only',
    ),

  'lock-host': (files) =>
    matches(
      files,
      (path) => path === 'package-lock.json',
      /"resolved":/,
      'the lock must name no download host; see .npmrc',
    ),

  'lock-gap': (files) => {
    const text = textOf(files, 'package-lock.json');
    if (text === '') return [];
    const lock = JSON.parse(text) as {
      readonly packages?: Readonly<Record<string, LockedPackage>>;
    };
    return lockGaps(lock.packages ?? {}).map(
      (gap) =>
        `package-lock.json lacks ${gap.path}, so "npm ci" fails: run "npm run complete-lock"`,
    );
  },

  'dead-link': deadLinks,

  'unreached-test': (files) =>
    files
      .filter(
        (file) =>
          /\.test\.[cm]?[jt]s$/.test(file.path) && !/^(src|test)\/.*\.test\.ts$/.test(file.path),
      )
      .map((file) => `${file.path} is reached by no test command`),

  'error-docs': (files) =>
    textOf(files, 'docs/errors.md') === errorDocs()
      ? []
      : ['docs/errors.md differs from the error table: run "npm run error-docs"'],

  'unused-error': (files) => {
    const product = files.filter((file) => /^src\/.*\.ts$/.test(file.path) && !isTest(file.path));
    const text = product
      .filter((file) => file.path !== 'src/base/error-table.ts')
      .map((file) => file.text)
      .join('\n');
    return Object.keys(errorTable)
      .filter((code) => !text.includes(`'${code}'`))
      .map((code) => `error ${code} is thrown nowhere: use it or remove its row`);
  },

  'script-docs': scriptDocs,
};

/** Lines of the chosen files that match, as findings. */
function matches(
  files: readonly SourceFile[],
  isChosen: (path: string) => boolean,
  pattern: RegExp,
  advice: string,
): string[] {
  return files
    .filter((file) => isChosen(file.path) && !isExemptFromWords(file.path))
    .flatMap((file) =>
      file.text.split('\n').flatMap((line, index) => {
        const found = pattern.exec(line)?.[0].trim();
        return found === undefined ? [] : [`${file.path}:${index + 1} "${found}": ${advice}`];
      }),
    );
}

function textOf(files: readonly SourceFile[], path: string): string {
  return files.find((file) => file.path === path)?.text ?? '';
}

function deadLinks(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.flatMap((file) => withFolders(file.path)));
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      linksIn(file.text).flatMap((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? file.path : normalize(join(dirname(file.path), path));
        if (!paths.has(target.replace(/\/$/, '')))
          return [`${file.path} links to ${link}: no such file`];
        const isFound = anchor === undefined || anchorsIn(textOf(files, target)).has(anchor);
        return isFound ? [] : [`${file.path} links to ${link}: no such heading`];
      }),
    );
}

/** Targets of the relative links of a page; code blocks hold examples, not links. */
function linksIn(markdown: string): string[] {
  const prose = markdown.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** Anchors of the headings of a page, made as GitHub makes them. */
function anchorsIn(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ +(.*)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** A path and every folder above it. */
function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** docs/hacking.md names every npm script, and no other. */
function scriptDocs(files: readonly SourceFile[]): string[] {
  const manifest = JSON.parse(textOf(files, 'package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const page = textOf(files, 'docs/hacking.md');
  const named = new Set([...page.matchAll(/`npm (?:run )?([a-z][a-z:-]*)/g)].map((m) => m[1]!));
  const builtIn = new Set(['ci', 'install']);
  const missing = Object.keys(manifest.scripts).filter((name) => !named.has(name));
  const unknown = [...named].filter((name) => !(name in manifest.scripts) && !builtIn.has(name));
  return [
    ...missing.map((name) => `docs/hacking.md does not name "npm run ${name}"`),
    ...unknown.map((name) => `docs/hacking.md names "npm run ${name}", which is no script`),
  ];
}

// The architecture as rules: imports go only down. Read this file together with docs/architecture.md.

/** The floors of the house, lowest first. Rooms on one floor may use each other, but never in a circle. */
const floors = [
  ['base'],
  ['format', 'disk', 'storage', 'keyvalue', 'pipeline'],
  ['repository', 'nbd', 'fuse', 'webdav', 'image', 'qemu', 'filesystem'],
  ['capture', 'recovery', 'analysis', 'exchange', 'retention', 'content', 'trust'],
  ['service'],
  ['api', 'cli', 'agent'],
  ['main'],
];

const testFiles = '(\\.(test|fuzz|bench)\\.ts$|^src/testing/|^test/|^bench/)';

const downward = floors.slice(0, -1).map((rooms, floor) => ({
  name: `downward-${rooms.join('-')}`,
  comment:
    'Imports go only down, so that every room can be understood and tested without those above it.',
  severity: 'error',
  from: { path: `^src/(${rooms.join('|')})/`, pathNot: testFiles },
  to: {
    path: `^src/(${floors
      .slice(floor + 1)
      .flat()
      .join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...downward,
    {
      name: 'known-room',
      comment:
        'A new folder under src/ takes its place on a floor above before anybody imports it.',
      severity: 'error',
      from: { path: `^src/(?!(${floors.flat().join('|')}|testing)/)` },
      to: {},
    },
    {
      name: 'no-cycle',
      comment:
        'Two files in a circle are one file in two pieces: neither can be read or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'one-door',
      comment:
        'The repository keeps promises about durability that only hold when nobody reaches behind its index. ' +
        'contract.ts is open too: it holds only the types that sources and targets speak of. ' +
        'Tests and benchmarks may reach behind: they damage segments and measure single parts.',
      severity: 'error',
      from: { path: '^(src|demo)/', pathNot: `(^src/repository/|${testFiles})` },
      to: { path: '^src/repository/(?!(index|contract)\\.ts$)' },
    },
    {
      name: 'siblings-are-strangers',
      comment:
        'A source or target can be added or removed without a look at the others; what two share belongs a floor lower. ' +
        'Files that lie directly in the folder are the shared contract of its rooms.',
      severity: 'error',
      from: { path: '^src/(capture|recovery|filesystem|exchange)/([^/]+)/' },
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/$1/$2/' },
    },
    {
      name: 'sources-know-no-targets',
      comment: 'Sources and targets meet only in the repository: append a commit, open a view.',
      severity: 'error',
      from: { path: '^src/(capture|recovery)/', pathNot: testFiles },
      to: { path: '^src/(capture|recovery)/', pathNot: '^src/$1/' },
    },
    {
      name: 'use-cases-only',
      comment:
        'The API and the command line speak in the user’s words: what they need is a use case in service/, ' +
        'not a piece of the machinery below.',
      severity: 'error',
      from: { path: '^src/(api|cli)/', pathNot: testFiles },
      to: { path: '^src/', pathNot: '^src/(api|cli|service|trust|base)/' },
    },
    {
      name: 'agent-is-small',
      comment:
        'The agent runs on protected machines: capture, the exchange, what both stand on, and Node itself; no packages.',
      severity: 'error',
      from: { path: '^src/agent/', pathNot: testFiles },
      to: {
        pathNot: '^src/(agent|base|format|disk|capture|exchange)/',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'no-testing-in-product',
      comment: 'What only tests need never ships.',
      severity: 'error',
      from: { path: '^(src|demo)/', pathNot: testFiles },
      to: { path: '^(src/testing|test|bench)/' },
    },
    {
      name: 'format-is-pure',
      comment: 'Encoding and decoding do no I/O, so that they can be fuzzed and used by an agent.',
      severity: 'error',
      from: { path: '^src/format/', pathNot: testFiles },
      to: {
        path: '^(node:)?(fs|fs/promises|net|tls|http|https|child_process|worker_threads)$',
        dependencyTypes: ['core'],
      },
    },
    {
      name: 'base-knows-nothing',
      comment:
        'base/ is the vocabulary of all rooms; a package there would be a package everywhere.',
      severity: 'error',
      from: { path: '^src/base/', pathNot: testFiles },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg'] },
    },
    {
      name: 'no-dev-packages-in-product',
      comment: 'Development packages are not there where the product runs.',
      severity: 'error',
      from: { path: '^src/', pathNot: testFiles },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};

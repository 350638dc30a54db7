// Lint: the rules that a type checker cannot hold. Each rule that is off, or ours, says why.

import { defineConfig } from 'eslint/config';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', 'test/**/*.ts', 'src/testing/**/*.ts'];
const tools = ['scripts/**/*.ts', 'bench/**/*.ts', 'demo/**/*.ts'];
/** The rooms where time, randomness, the environment and processes come in from outside. */
const edges = ['src/base/**/*.ts', 'src/main/**/*.ts', 'src/qemu/**/*.ts', ...tests, ...tools];

const typed = {
  // node:test starts its tests by itself; their promises are not ours to await.
  '@typescript-eslint/no-floating-promises': [
    'error',
    {
      allowForKnownSafeCalls: [
        {
          from: 'package',
          package: 'node:test',
          name: ['test', 'describe', 'it', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
        },
      ],
    },
  ],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true },
  ],
  // Off: the compiler says it.
  '@typescript-eslint/no-unused-vars': 'off',
  // Numbers and booleans read the same in a template as anywhere; objects do not.
  '@typescript-eslint/restrict-template-expressions': [
    'error',
    { allowNumber: true, allowBoolean: true },
  ],
  // `return this.mark(…)` ends a function early in one line, and says with its type that nothing comes of it.
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  // Off: the compiler believes that what was checked before an `await` still holds after it, so the rule calls needless
  // exactly the second look that concurrent code must take.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  // Off: a memory implementation of an asynchronous interface has nothing to wait for, yet must fail by rejecting.
  '@typescript-eslint/require-await': 'off',
  // Off: there are no enums, which do not erase; and objects are told by their shape here, not by their class. Each looks
  // at every assignment of the program to say so.
  '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  '@typescript-eslint/no-unsafe-enum-comparison': 'off',
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  // Off: with noUncheckedIndexedAccess every byte of a buffer would need a check, and `as number` says no more than `!`.
  '@typescript-eslint/no-non-null-assertion': 'off',
};

const shape = {
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  'max-params': 'off',
  '@typescript-eslint/max-params': ['error', { max: 4 }],
  'max-depth': ['error', 4],
  complexity: ['error', 20],
  'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-console': 'error',
  'no-empty': 'error',
  'no-loss-of-precision': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-useless-escape': 'error',
};

/**
 * Fields whose name and type leave something unsaid: a number without its unit, bytes without their owner, words
 * without their meaning. `log: Logger` and `lengthBytes: number` say it all, and a docstring there is noise.
 */
const unsaid = [
  "[typeAnnotation.typeAnnotation.type='TSNumberKeyword']:not([key.name=/(Bytes|Ms|Micros|Count|Max|Min)$/])",
  "[typeAnnotation.typeAnnotation.type='TSStringKeyword']:not([key.name=/^(machine|disk)$/])",
  "[typeAnnotation.typeAnnotation.type='TSBooleanKeyword']:not([key.name=/^(is|has)[A-Z]/])",
  '[typeAnnotation.typeAnnotation.typeName.name=/(Array|Buffer)$/]',
  "[typeAnnotation.typeAnnotation.type='TSUnionType']:has(TSLiteralType)",
  "[typeAnnotation.typeAnnotation.type='TSFunctionType']",
  "[typeAnnotation.typeAnnotation.type='TSUnknownKeyword']",
];

const docstringContexts = [
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSMethodSignature',
  ...unsaid.flatMap((field) => [`TSPropertySignature${field}`, `PropertyDefinition${field}`]),
  // Ordinary constants and function values; arrow functions inside an object follow their interface.
  'ExportNamedDeclaration > VariableDeclaration',
];

const docstrings = {
  'jsdoc/require-jsdoc': [
    'error',
    {
      publicOnly: true,
      enableFixer: false,
      checkConstructors: false,
      checkGetters: 'no-setter',
      contexts: docstringContexts,
      require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: true },
    },
  ],
  // Not require-param: `request: CommitRequest` says what it is; a number without its unit is for the reader to notice.
  'jsdoc/require-param-description': 'error',
  'jsdoc/check-param-names': ['error', { checkDestructured: false }],
  'jsdoc/check-tag-names': ['error', { definedTags: ['unit', 'source', 'remarks'], typed: true }],
  'jsdoc/require-throws': 'error',
  'jsdoc/no-types': 'error',
};

const ownErrors = [
  {
    selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]',
    message: 'Throw a SecondwindError from the table for the world, or assert for a bug of ours.',
  },
];
const noSwallow = {
  selector:
    "CallExpression[callee.property.name='catch'] > ArrowFunctionExpression > BlockStatement[body.length=0]",
  message: 'A swallowed error is a defect: handle it, or say in a disable comment why it is none.',
};
const noWallClock = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time is handed in as a Clock, so that a simulation can decide what time it is.',
  },
];

const handedIn = {
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Time is handed in: take a Clock.' },
    { object: 'performance', property: 'now', message: 'Time is handed in: take a Clock.' },
    { object: 'Math', property: 'random', message: 'Randomness is handed in: see base/random.ts.' },
    { object: 'process', property: 'env', message: 'Only main/ reads the environment.' },
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        {
          name: 'node:process',
          importNames: ['env'],
          message: 'Only main/ reads the environment.',
        },
        { name: 'node:child_process', message: 'Only main/ and qemu/ start processes.' },
        { name: 'child_process', message: 'Only main/ and qemu/ start processes.' },
      ],
    },
  ],
};

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', '.bench/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      // One program for all files, made once: a service that follows edits takes longer over a whole tree.
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: { ...typed, ...shape },
  },
  {
    files: ['src/**/*.ts'],
    ignores: tests,
    plugins: { jsdoc },
    settings: { jsdoc: { mode: 'typescript' } },
    rules: {
      ...docstrings,
      'no-restricted-syntax': ['error', ...ownErrors, noSwallow, ...noWallClock],
    },
  },
  { files: ['src/**/*.ts'], ignores: edges, rules: handedIn },
  {
    files: edges,
    rules: { 'no-restricted-syntax': ['error', noSwallow] },
  },
  {
    files: ['src/base/**/*.ts', 'src/main/**/*.ts', 'src/qemu/**/*.ts'],
    ignores: tests,
    rules: { 'no-restricted-syntax': ['error', ...ownErrors, noSwallow] },
  },
  {
    // A describe block is a list of tests, and a list is not too long; what tools print is their product.
    files: [...tests, ...tools],
    rules: { 'max-lines-per-function': 'off', 'no-console': 'off' },
  },
);

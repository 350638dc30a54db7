import { type ErrorDefinition, errorTable } from '../src/base/error-table.ts';

const head = `# Errors

<!-- Written by scripts/write-error-docs.ts from src/base/error-table.ts; do not edit. -->

Every error that Secondwind shows has a code that never changes its meaning. The command line prints
\`CODE: message\` and the advice below it, and ends with the exit code; with \`--json\` it prints one object
with \`code\`, \`message\`, \`advice\` and \`data\`. The API answers with the HTTP status and the same object.
Words in braces are filled in from the error's data.

## Exit codes

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | our own fault |
| 2 | wrong call |
| 3 | not found |
| 4 | refused for safety |
| 5 | in use |
| 6 | wrong key |
| 7 | damage found |
| 8 | input, output or space |
| 9 | server not reachable |
| 10 | no such point in time |
| 130 | interrupted |

A call that failed with a *retryable* error may succeed later without anybody changing anything.

## Codes
`;

/** Text of docs/errors.md as it must be for the error table as it is. */
export function errorDocs(): string {
  const rows = Object.entries(errorTable).sort(([left], [right]) => (left < right ? -1 : 1));
  return [head, ...rows.map(([code, row]) => section(code, row))].join('\n');
}

function section(code: string, row: ErrorDefinition): string {
  const retryable = row.retryable ? 'yes' : 'no';
  return `### ${code}

${quoted(row.message)}

${quoted(row.advice)}

HTTP status ${row.httpStatus} · exit code ${row.exitCode} · retryable: ${retryable}
`;
}

function quoted(sentence: string): string {
  return `> ${sentence.replace(/\{(\w+)\}/g, '`{$1}`')}`;
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../scripts/source-file.ts';

/** Imports that must be refused: the file, what it imports, and the rule that says no. */
const refused: readonly (readonly [file: string, imported: string, rule: string])[] = [
  ['src/base/a.ts', 'src/disk/x.ts', 'downward-base'],
  ['src/format/b.ts', 'src/repository/index.ts', 'downward-format'],
  ['src/nbd/c.ts', 'src/capture/x.ts', 'downward-repository'],
  ['src/capture/d.ts', 'src/service/x.ts', 'downward-capture'],
  ['src/service/e.ts', 'src/cli/x.ts', 'downward-service'],
  ['src/cli/f.ts', 'src/main/x.ts', 'downward-api'],
  ['src/attic/g.ts', 'src/base/x.ts', 'known-room'],
  ['src/disk/h.ts', 'src/disk/h2.ts', 'no-cycle'],
  ['src/capture/i.ts', 'src/repository/segments/x.ts', 'one-door'],
  ['src/capture/tap/j.ts', 'src/capture/scan/x.ts', 'siblings-are-strangers'],
  ['src/recovery/k.ts', 'src/capture/x.ts', 'sources-know-no-targets'],
  ['src/cli/l.ts', 'src/repository/index.ts', 'use-cases-only'],
  ['src/disk/m.ts', 'src/testing/x.ts', 'no-testing-in-product'],
  ['src/format/n.ts', 'node:fs', 'format-is-pure'],
  ['src/base/o.ts', 'src/nowhere.ts', 'resolvable'],
];

/** Imports that must be allowed. */
const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['src/capture/tap/p.ts', 'src/capture/x.ts'],
  ['src/capture/tap/q.ts', 'src/repository/contract.ts'],
  ['src/repository/r.ts', 'src/repository/segments/x.ts'],
  ['src/cli/s.ts', 'src/service/x.ts'],
  ['src/nbd/t.ts', 'node:net'],
  ['src/main/u.ts', 'src/cli/x.ts'],
  ['src/disk/v.test.ts', 'src/testing/x.ts'],
];

let folder = '';
let violations: { readonly from: string; readonly rule: { readonly name: string } }[] = [];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function importOf(file: string, imported: string): string {
  const specifier = imported.startsWith('node:')
    ? imported
    : `${'../'.repeat(file.split('/').length - 1)}${imported}`;
  return `import * as other from '${specifier}';\nexport const value: unknown = other;\n`;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'secondwind-layers-'));
  copyFileSync(join(projectRoot, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  write('package.json', '{"type":"module"}');
  for (const [file, imported] of [...refused, ...allowed]) {
    if (imported.startsWith('src/') && imported !== 'src/nowhere.ts')
      write(imported, 'export {};\n');
    write(file, importOf(file, imported));
  }
  write('src/disk/h2.ts', importOf('src/disk/h2.ts', 'src/disk/h.ts'));
  const program = join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(projectRoot, '.dependency-cruiser.cjs');
  const options = ['--config', config, '--output-type', 'json', 'src'];
  const run = spawnSync(process.execPath, [program, ...options], { cwd: folder, encoding: 'utf8' });
  const report = JSON.parse(run.stdout) as { summary: { violations: typeof violations } };
  violations = report.summary.violations;
});

after(() => {
  rmSync(folder, { recursive: true });
});

describe('the layer rules', () => {
  for (const [file, imported, rule] of refused) {
    test(`${rule} refuses that ${file} imports ${imported}`, () => {
      const rules = violations.filter(({ from }) => from === file).map((found) => found.rule.name);
      assert(
        rules.some((name) => name.startsWith(rule)),
        `found: ${rules.join(' ')}`,
      );
    });
  }

  for (const [file, imported] of allowed) {
    test(`${file} may import ${imported}`, () => {
      assert.deepEqual(
        violations.filter(({ from }) => from === file),
        [],
      );
    });
  }
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../scripts/source-file.ts';

/** Runs `work` with a new folder that is gone afterwards. */
function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-house-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Puts a program that runs `body` into a folder of programs. */
function writeProgram(folder: string, name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Fills a folder with links to the programs that scripts are written with, and no others. */
function linkPrograms(folder: string): void {
  for (const name of [
    'sh',
    'dirname',
    'readlink',
    'uname',
    'sed',
    'sort',
    'tr',
    'printf',
    'touch',
  ]) {
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(folder, name));
  }
}

test('the pinned Node runs, and is not reported experimental', () => {
  const code = "require('node:sqlite'); console.log(process.version)";
  const run = spawnSync(join(projectRoot, 'scripts/node'), ['-e', code], { encoding: 'utf8' });
  assert.match(run.stdout, /^v24\./);
  assert.equal(run.stderr, '');
});

test('without a pinned Node a new enough one is taken, and an old one refused in words', () => {
  withFolder((folder) => {
    mkdirSync(join(folder, 'scripts'));
    mkdirSync(join(folder, 'programs'));
    linkPrograms(join(folder, 'programs'));
    copyFileSync(join(projectRoot, 'scripts/node'), join(folder, 'scripts/node'));
    const env = { PATH: join(folder, 'programs') };
    const run = (): ReturnType<typeof spawnSync> =>
      spawnSync(join(folder, 'scripts/node'), ['script', 'a b'], { env, encoding: 'utf8' });

    assert.equal(run().status, 3, 'none at all');
    writeProgram(env.PATH, 'node', 'echo v20.20.2');
    assert.equal(run().status, 3, 'an old one');
    assert.match(String(run().stderr), /needs Node 24/);
    writeProgram(env.PATH, 'node', '[ "$1" = --version ] && echo v25.0.0 || printf "<%s>" "$@"');
    assert.equal(run().stdout, '<--disable-warning=ExperimentalWarning><script><a b>');
  });
});

test('the command may be linked to from anywhere, and hands its words on', () => {
  withFolder((folder) => {
    for (const path of ['bin/secondwind', 'scripts/node']) {
      mkdirSync(join(folder, dirname(path)));
      copyFileSync(join(projectRoot, path), join(folder, path));
    }
    symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
    mkdirSync(join(folder, 'src/main'), { recursive: true });
    const program =
      'const words: string[] = process.argv.slice(2);\nconsole.log(words);\nprocess.exit(10);';
    writeFileSync(join(folder, 'src/main/cli.ts'), program);
    symlinkSync('../bin/secondwind', join(folder, 'src/link'));
    const run = spawnSync(join(folder, 'src/link'), ['a b', "c'd", ''], {
      cwd: '/',
      encoding: 'utf8',
    });
    assert.equal(run.stdout, `[ 'a b', "c'd", '' ]\n`);
    assert.equal(run.stderr, '');
    assert.equal(run.status, 10);
  });
});

test('set-up is silent when all is there', () => {
  const run = spawnSync('sh', [join(projectRoot, 'scripts/setup.sh'), 'test'], {
    encoding: 'utf8',
  });
  assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', '']);
});

test('set-up lists what is missing when it may not install it', () => {
  withFolder((folder) => {
    linkPrograms(folder);
    writeProgram(folder, 'id', 'echo 1000');
    const run = spawnSync('sh', [join(projectRoot, 'scripts/setup.sh'), 'bench'], {
      env: { PATH: folder },
      encoding: 'utf8',
    });
    assert.equal(run.status, 3);
    assert.match(run.stderr, /sudo apt-get install .*borgbackup.* fio .*libnbd-bin .*restic/);
  });
});

test('set-up refuses a purpose it does not know', () => {
  const run = spawnSync('sh', [join(projectRoot, 'scripts/setup.sh'), 'dance'], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 2);
  assert.match(run.stderr, /unknown purpose dance/);
});

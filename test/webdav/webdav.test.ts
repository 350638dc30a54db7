import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/log.ts';
import type { ReadableDisk } from '../../src/disk/disk.ts';
import { damagedFileSystem } from '../../src/filesystem/damage.ts';
import { MemoryTreeFile } from '../../src/testing/memory-tree.ts';
import { WebdavServer } from '../../src/webdav/webdav-server.ts';
import { texture } from '../nbd/served.ts';

const password = 'correct horse';
const big = texture(3 * 2 ** 20);
const damaged = damagedFileSystem({
  kind: 'ext4',
  structure: 'inode 17',
  offsetBytes: 4096,
  reason: 'its checksum does not fit',
});

/** Reads well until its second megabyte. */
class FailingFile extends MemoryTreeFile {
  override async open(): Promise<ReadableDisk> {
    const disk = await super.open();
    return {
      sizeBytes: disk.sizeBytes,
      read: (target, offsetBytes) => {
        if (offsetBytes >= 2 ** 20) throw damaged;
        return disk.read(target, offsetBytes);
      },
      extents: (offsetBytes, lengthBytes) => disk.extents(offsetBytes, lengthBytes),
      close: () => disk.close(),
    };
  }
}

const root = new MemoryTreeFile({
  children: {
    db1: new MemoryTreeFile({
      children: {
        'big.bin': new MemoryTreeFile({ content: big }),
        'Grüße & <more>\u0007 \udcff': new MemoryTreeFile({ content: Buffer.from('odd') }),
        failing: new FailingFile({ content: big }),
      },
    }),
  },
});

async function served(use: (url: string) => Promise<void>): Promise<void> {
  const server = new WebdavServer({ root, password, log: silentLogger });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    await server.close();
  }
}

const authorization = `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;

function ask(url: string, method: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method, headers: { authorization, ...headers } });
}

test('a client of its own kind lists and fetches', async () => {
  await served(async (url) => {
    const folder = mkdtempSync(join(tmpdir(), 'secondwind-webdav-'));
    try {
      const { hostname } = new URL(url);
      writeFileSync(
        join(folder, '.netrc'),
        `machine ${hostname} login anybody password "${password}"\n`,
        { mode: 0o600 },
      );
      const cadaver = spawn('cadaver', [url], {
        cwd: folder,
        env: { ...process.env, HOME: folder },
      });
      cadaver.stdin.end('cd db1\nls\nget big.bin\nquit\n');
      const text: string[] = [];
      cadaver.stdout.setEncoding('utf8').on('data', (part: string) => text.push(part));
      await once(cadaver, 'close');
      assert.match(text.join(''), /big\.bin\s+3145728/);
      assert(readFileSync(join(folder, 'big.bin')).equals(big));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('without the password nothing is told', async () => {
  await served(async (url) => {
    const wrong = `Basic ${Buffer.from('anybody:wrong').toString('base64')}`;
    for (const header of ['', wrong, 'Bearer x']) {
      const { status, headers } = await ask(`${url}/db1/`, 'PROPFIND', { authorization: header });
      assert.equal(status, 401);
      assert.match(headers.get('www-authenticate') ?? '', /^Basic /);
    }
  });
});

test('properties of a folder and what lies in it, hostile names included', async () => {
  await served(async (url) => {
    const answer = await ask(`${url}/db1`, 'PROPFIND', { depth: '1' });
    assert.equal(answer.status, 207);
    const text = await answer.text();
    assert.equal(text.match(/<D:response>/g)?.length, 4);
    assert.match(text, /<D:href>\/db1\/Gr%C3%BC%C3%9Fe%20%26%20%3Cmore%3E%07%20%FF<\/D:href>/);
    assert.match(text, /<D:displayname>Grüße &amp; &lt;more&gt;\ufffd \ufffd</);
    const path = text.match(/\/db1\/Gr[^<]*/)![0];
    assert.equal(await (await ask(url + path, 'GET')).text(), 'odd');
    assert.equal((await ask(`${url}/db1`, 'PROPFIND')).status, 403, 'not without an end');
  });
});

test('a part, the whole, and only the head', async () => {
  await served(async (url) => {
    const part = await ask(`${url}/db1/big.bin`, 'GET', { range: 'bytes=1048570-1048585' });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), 'bytes 1048570-1048585/3145728');
    assert(big.subarray(1_048_570, 1_048_586).equals(Buffer.from(await part.arrayBuffer())));
    assert(big.equals(Buffer.from(await (await ask(`${url}/db1/big.bin`, 'GET')).arrayBuffer())));
    const head = await ask(`${url}/db1/big.bin`, 'HEAD');
    assert.equal(head.headers.get('content-length'), '3145728');
    assert.equal(
      (await ask(`${url}/db1/big.bin`, 'GET', { range: 'bytes=99999999-' })).status,
      416,
    );
  });
});

test('nothing can be changed, and what is not there is not there', async () => {
  await served(async (url) => {
    for (const method of ['PUT', 'DELETE', 'MKCOL', 'MOVE', 'COPY', 'LOCK', 'PROPPATCH', 'POST']) {
      assert.equal((await ask(`${url}/db1/big.bin`, method)).status, 405, method);
    }
    assert.equal((await ask(`${url}/db1/absent`, 'GET')).status, 404);
    assert.equal((await ask(`${url}/db1/big.bin/below`, 'GET')).status, 409);
    assert.equal((await ask(`${url}/a%00b`, 'GET')).status, 400);
    const options = await ask(url, 'OPTIONS');
    assert.equal(options.headers.get('dav'), '1');
  });
});

test('damage in the middle of a file cuts the connection: no part passes for the whole', async () => {
  await served(async (url) => {
    const answer = await ask(`${url}/db1/failing`, 'GET');
    assert.equal(answer.status, 200);
    await assert.rejects(answer.arrayBuffer());
  });
});

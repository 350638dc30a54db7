import { isIP } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { formatEndpoint, parseEndpoint } from '../../base/endpoint.ts';
import { SecondwindError } from '../../base/errors.ts';
import { mountsMax } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { WebdavServer } from '../../webdav/webdav-server.ts';
import type { BrowseParts } from '../browse/browse-parts.ts';
import { machinesFolder } from '../browse/machines-folder.ts';
import { type IsoMoment, isoMoment } from '../moments.ts';
import type { OpenedShareReport, ShareOrder, ShareReport } from '../mount-report.ts';
import type { ShareCases } from '../use-cases.ts';

/** What shares are made from. */
export interface SharesParts {
  /** What is shown. */
  readonly browse: Omit<BrowseParts, 'timeZone'>;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Logger;
}

interface LiveShare {
  readonly since: IsoMoment;
  readonly server: WebdavServer;
}

/** Random bytes of a password: more than anybody can guess, few enough to be typed. */
const passwordBytes = 15;

/** Files of all machines at all times, over WebDAV: see ShareCases. They end with the server. */
export class Shares implements ShareCases {
  readonly #parts: SharesParts;
  readonly #live = new Map<string, LiveShare>();

  /** @param parts - see SharesParts */
  constructor(parts: SharesParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  list(): readonly ShareReport[] {
    return [...this.#live].map(([listen, { since }]) => ({ listen, since, url: urlOf(listen) }));
  }

  /** @inheritdoc */
  async open({ listen, timeZone }: ShareOrder): Promise<OpenedShareReport> {
    const address = localAddress(listen);
    if (this.#live.size >= mountsMax) {
      const data = { what: 'The number of shares', value: this.#live.size + 1, limit: mountsMax };
      throw new SecondwindError('LIMIT_EXCEEDED', data);
    }
    const { random, clock, log, browse } = this.#parts;
    const password = makePassword(random);
    const server = new WebdavServer({
      root: machinesFolder({ ...browse, timeZone }),
      password,
      log,
    });
    const port = await server.listen(address);
    const name = formatEndpoint({ kind: 'tcp', host: address.host, port });
    const since = isoMoment(clock.nowMicros());
    this.#live.set(name, { since, server });
    return { listen: name, url: urlOf(name), since, password };
  }

  /** @inheritdoc */
  async end(listen: string): Promise<ShareReport> {
    const live = this.#live.get(listen);
    if (live === undefined) throw new SecondwindError('NOT_FOUND', { what: 'share', name: listen });
    this.#live.delete(listen);
    await live.server.close();
    return { listen, url: urlOf(listen), since: live.since };
  }

  /** Ends all shares. */
  async close(): Promise<void> {
    for (const listen of [...this.#live.keys()]) await this.end(listen);
  }
}

function urlOf(listen: string): string {
  return `http://${listen}/`;
}

/**
 * What is served is plain, so it must not leave this machine.
 * @throws USAGE
 */
function localAddress(listen: string): { readonly host: string; readonly port: number } {
  const endpoint = parseEndpoint(listen);
  if (endpoint.kind !== 'tcp') {
    throw new SecondwindError('USAGE', { reason: `"${listen}" is no HOST:PORT` });
  }
  const { host, port } = endpoint;
  const isLocal =
    host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!isLocal) {
    const reason = `At ${listen} files would travel in the clear; listen on 127.0.0.1, and lead others there through an encrypted tunnel`;
    throw new SecondwindError('USAGE', { reason });
  }
  return { host, port };
}

function makePassword(random: Random): string {
  const bytes = Buffer.alloc(passwordBytes);
  random.fill(bytes);
  return bytes.toString('base64url');
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealGuest } from '../../demo/real-guest.ts';
import { isSecondwindError } from '../../src/base/errors.ts';
import { ApiClient, apiPath } from '../../src/cli/api-client.ts';
import { socketPathOf } from '../../src/cli/socket-path.ts';
import { connectNbd } from '../../src/nbd/client/nbd-client.ts';
import type { DiskReport } from '../../src/service/disk-report.ts';
import type { GapReport, TimelineReport } from '../../src/service/timeline-report.ts';
import type { ViewReport } from '../../src/service/view-report.ts';
import { CommandRig, type RigServer, until } from '../cli/command-rig.ts';
import { assertRecords, newestRecord } from './records.ts';

/** Name under which the guest is protected in all these tests. */
export const machine = 'web1';

const disks = ['vda', 'vdb'] as const;

/** A guest, a server that protects it, and what can be asked of both. */
export class ProtectedGuest {
  readonly rig: CommandRig = new CommandRig();
  readonly guest: RealGuest;
  readonly #folder: string;
  readonly #api: ApiClient;
  #server: RigServer | undefined;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'sw-guest-'));
    const [vda, vdb] = disks.map((disk) => makeImage(join(this.#folder, `${disk}.img`)));
    this.guest = new RealGuest(this.#folder, { vda: vda!, vdb: vdb! });
    this.#api = new ApiClient(socketPathOf(this.rig.dataFolder), new AbortController().signal);
  }

  get server(): RigServer {
    return this.#server!;
  }

  /** Starts both, and protects the guest. */
  async begin(words: readonly string[] = ['--qmp', this.guest.qmp]): Promise<void> {
    await Promise.all([this.guest.start(), this.startServer()]);
    await this.rig.ok(['machine', 'protect', machine, ...words]);
    await this.untilProtected();
  }

  async startServer(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#server = await this.rig.serve([], { environment });
  }

  disks(): Promise<DiskReport[]> {
    return this.#api.call<DiskReport[]>({ method: 'GET', path: apiPath(['disks']) });
  }

  async untilState(state: DiskReport['state']): Promise<void> {
    await until(async () => {
      const found = await this.disks();
      return found.length > 0 && found.every((disk) => disk.state === state) ? true : undefined;
    });
  }

  /** Waits until every disk of the guest is protected and has a point of this time of protection. */
  untilProtected(): Promise<void> {
    return this.untilState('protecting');
  }

  /** The newest moment that can be restored. */
  async lastPoint(): Promise<string> {
    const points = (await this.disks()).map(({ lastPoint }) => lastPoint!);
    return points.toSorted().at(-1)!;
  }

  /** Waits until the guest is away, and what was captured of it is stored. */
  async untilAway(): Promise<void> {
    await this.untilState('away');
    await until(async () => {
      const open = (await this.gaps()).filter(({ to }) => to === undefined);
      return open.length === disks.length ? true : undefined;
    });
  }

  async gaps(): Promise<readonly GapReport[]> {
    const path = apiPath(['machines', machine, 'timeline']);
    return (await this.#api.call<TimelineReport>({ method: 'GET', path })).gaps;
  }

  /**
   * Looks at both disks as they stood at a moment, and asserts that they are what they must be.
   * @returns newest record of each; undefined for one that is refused because the moment lies in a gap
   */
  async check(at: string): Promise<{ vda: number | undefined; vdb: number | undefined }> {
    const [vda, vdb] = [await this.#look('vda', at), await this.#look('vdb', at)];
    // Between two commits nothing changed: each disk is what it was at the newer of the two points as well.
    const pointMs = Math.max(vda?.pointMs ?? 0, vdb?.pointMs ?? 0);
    const found = { vda: vda?.newest, vdb: vdb?.newest };
    assertRecords(this.guest, found, pointMs);
    return found;
  }

  async end(): Promise<void> {
    await this.guest.kill();
    await this.rig.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #look(disk: (typeof disks)[number], at: string): Promise<Look | undefined> {
    try {
      return await this.#open(disk, at);
    } catch (error) {
      if (!isSecondwindError(error, 'POINT_IN_GAP')) throw error;
      const isShown = (await this.gaps()).some(
        (gap) => gap.disk === disk && gap.from <= at && (gap.to === undefined || at <= gap.to),
      );
      assert.ok(isShown, `${disk} is refused at ${at}, and no gap is shown there`);
      return undefined;
    }
  }

  async #open(disk: (typeof disks)[number], at: string): Promise<Look> {
    const path = this.rig.path(`${disk}.sock`);
    const body = { machine, disk, at, listen: `unix:${path}`, isWritable: false };
    const view = await this.#api.call<ViewReport>({ method: 'POST', path: '/v1/views', body });
    const client = await connectNbd({ endpoint: { kind: 'unix', path }, exportName: '' });
    const content = new Uint8Array(client.sizeBytes);
    await client.read(content, 0);
    await client.close();
    const closing = apiPath(['views', view.id, 'close']);
    await this.#api.call({ method: 'POST', path: closing, body: {} });
    const newest = newestRecord(content, this.rig.path(`${disk}.copy`));
    return { newest, pointMs: Date.parse(view.point) };
  }
}

/** Blocks of 1 KiB, so that the guest writes half a block of ours now and then. */
function makeImage(path: string): string {
  writeFileSync(path, '');
  truncateSync(path, 64 * 2 ** 20);
  execFileSync('mkfs.ext4', ['-q', '-F', '-b', '1024', path]);
  return path;
}

interface Look {
  readonly newest: number;
  readonly pointMs: number;
}

import { stat } from 'node:fs/promises';
import { deviceLayersMax } from '../../base/limits.ts';
import { deviceNumber } from '../../disk/device-number.ts';
import {
  type BlockDevice,
  deviceByNumber,
  diskOfPartition,
  holdersOf,
  type LoopDevice,
  loopDevices,
  partitionsOf,
} from './block-devices.ts';
import { kernelText } from './kernel-files.ts';
import { type FileLock, locksIn, type Mount, mountsIn, swapsIn } from './kernel-tables.ts';
import type { ServedFile, TargetIdentity, TargetUse } from './target-inspection.ts';

/** Everything of the system that is looked at, read once. */
interface SystemTables {
  readonly mounts: readonly Mount[];
  /** Keys of swap areas. */
  readonly swaps: ReadonlySet<string>;
  readonly locks: readonly FileLock[];
  readonly loops: readonly (LoopDevice & { readonly fileKey: string })[];
  /** Keys of what we serve, and what for. */
  readonly served: ReadonlyMap<string, string>;
}

/**
 * Finds who uses a file or device: mounts, swap, devices made of it, locks, and ourselves; also through its partitions,
 * the disk it lies on, and loop devices.
 * @param identity - of the file or device
 * @param served - what this server reads or writes itself
 * @throws IO_FAILED
 */
export async function usesOf(
  identity: TargetIdentity,
  served: readonly ServedFile[],
): Promise<readonly TargetUse[]> {
  const walk = new UseWalk(await readTables(served));
  if (identity.rdev === 0) await walk.visitFile(identity);
  else await walk.visitTarget(deviceNumber(identity.rdev));
  return walk.uses;
}

class UseWalk {
  readonly uses: TargetUse[] = [];
  readonly #tables: SystemTables;
  readonly #seen = new Set<string>();

  constructor(tables: SystemTables) {
    this.#tables = tables;
  }

  async visitFile(identity: TargetIdentity): Promise<void> {
    const key = keyOf(identity);
    this.#noteKey(key, 'it');
    const inode = `${deviceNumber(identity.dev)}:${identity.ino}`;
    for (const lock of this.#tables.locks) {
      if (lock.file === inode) this.#add('in-use', `${lockHolder(lock)} holds a lock on it`);
    }
    for (const loop of this.#tables.loops) {
      if (loop.fileKey !== key) continue;
      this.#add('in-use', `it is attached as /dev/${loop.name}`);
      await this.#visitDevice(loop, `/dev/${loop.name} on it`, 1);
    }
  }

  async visitTarget(number: string): Promise<void> {
    const device = await deviceByNumber(number);
    if (device === undefined) return;
    await this.#visitDevice(device, 'it', 0);
    const disk = await diskOfPartition(device);
    if (disk !== undefined) await this.#visitSelf(disk, `/dev/${disk.name} below it`, 1);
    const loop = this.#tables.loops.find((each) => each.number === (disk ?? device).number);
    if (loop !== undefined) this.#noteKey(loop.fileKey, 'the file it shows');
  }

  async #visitDevice(device: BlockDevice, words: string, depth: number): Promise<void> {
    await this.#visitSelf(device, words, depth);
    for (const partition of await partitionsOf(device)) {
      await this.#visitSelf(partition, `/dev/${partition.name} on it`, depth + 1);
    }
  }

  async #visitSelf(device: BlockDevice, words: string, depth: number): Promise<void> {
    if (this.#seen.has(device.number) || depth > deviceLayersMax) return;
    this.#seen.add(device.number);
    this.#noteKey(`block:${device.number}`, words);
    for (const { device: number, mountPoint } of this.#tables.mounts) {
      if (number === device.number) this.#add('mounted', `${words} is mounted on ${mountPoint}`);
    }
    for (const holder of await holdersOf(device)) {
      this.#add('in-use', `${words} is part of /dev/${holder.name}`);
      await this.#visitDevice(holder, `/dev/${holder.name} on it`, depth + 1);
    }
  }

  #noteKey(key: string, words: string): void {
    if (this.#tables.swaps.has(key)) this.#add('in-use', `${words} is used as swap`);
    const use = this.#tables.served.get(key);
    if (use !== undefined) this.#add('served', `${words} is ${use}`);
  }

  #add(kind: TargetUse['kind'], text: string): void {
    this.uses.push({ kind, text });
  }
}

async function readTables(served: readonly ServedFile[]): Promise<SystemTables> {
  const mounts = mountsIn((await kernelText('/proc/self/mountinfo')) ?? '');
  const swaps = swapsIn((await kernelText('/proc/swaps')) ?? '');
  const swapKeys = await Promise.all(swaps.map(keyAt));
  const servedKeys = await Promise.all(
    served.map(async ({ path, use }) => [await keyAt(path), use] as const),
  );
  const loops = await Promise.all(
    (await loopDevices()).map(async (loop) => ({
      ...loop,
      fileKey: await keyAt(loop.backingFile),
    })),
  );
  return {
    mounts: await Promise.all(mounts.map(withRealDevice)),
    swaps: new Set(swapKeys),
    locks: locksIn((await kernelText('/proc/locks')) ?? ''),
    loops,
    served: new Map(servedKeys),
  };
}

/** File systems such as btrfs mount under a number of their own; then the source says which device it is. */
async function withRealDevice(mount: Mount): Promise<Mount> {
  if (!mount.device.startsWith('0:') || !mount.source.startsWith('/')) return mount;
  const key = await keyAt(mount.source);
  return key.startsWith('block:') ? { ...mount, device: key.slice('block:'.length) } : mount;
}

async function keyAt(path: string): Promise<string> {
  try {
    return keyOf(await stat(path));
  } catch {
    // Deleted, or in a place we cannot see: it cannot be what the target's path led to.
    return `gone:${path}`;
  }
}

function keyOf({ dev, ino, rdev }: TargetIdentity): string {
  return rdev === 0 ? `file:${dev}:${ino}` : `block:${deviceNumber(rdev)}`;
}

function lockHolder({ processId }: FileLock): string {
  return processId > 0 ? `process ${processId}` : 'another program';
}

import { diskBytesMax, guestDisksMax, nameBytesMax } from '../base/limits.ts';
import type { GuestMonitor } from './guest-monitor.ts';
import { asObject, asObjects, asText, type JsonObject } from './qmp-message.ts';

/** A disk of a running guest. */
export interface GuestDisk {
  /** What it is called here: the same at every start of the guest. Letters, digits, dot, dash and underscore. */
  readonly name: string;
  /** Everything that people may call it by. */
  readonly aliases: readonly string[];
  /** QEMU's name for it now; may be another one at the next start. */
  readonly node: string;
  /** Size that the guest sees, bytes. */
  readonly sizeBytes: number;
  /** Its image, in QEMU's words; for people only. */
  readonly path: string;
}

/**
 * Asks a guest for its writable disks. Drives whose medium can be taken out, and those without one, are none.
 * @param monitor - of the guest
 * @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL
 * @source QEMU, qapi/block-core.json, "query-block"
 */
export async function listGuestDisks(monitor: GuestMonitor): Promise<GuestDisk[]> {
  const found = asObjects(await monitor.execute('query-block'));
  const disks = new Map<string, GuestDisk>();
  for (const block of found.slice(0, guestDisksMax)) {
    const disk = readDisk(block);
    if (disk !== undefined && !disks.has(disk.name)) disks.set(disk.name, disk);
  }
  return [...disks.values()];
}

function readDisk(block: JsonObject): GuestDisk | undefined {
  const inserted = asObject(block['inserted']);
  const image = asObject(inserted['image']);
  const node = asText(inserted['node-name']);
  const sizeBytes = image['virtual-size'];
  const isWritableDisk = block['removable'] === false && inserted['ro'] === false && node !== '';
  if (!isWritableDisk || !isDiskSize(sizeBytes)) return undefined;
  const aliases = aliasesOf(block, node);
  return { name: nameOf(aliases, node), aliases, node, sizeBytes, path: asText(inserted['file']) };
}

function isDiskSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= diskBytesMax;
}

/** The best name first: that of the drive, then of the device, then of the node, unless QEMU made it up. */
function aliasesOf(block: JsonObject, node: string): string[] {
  const device = asText(block['device']);
  const peripheral = /^\/machine\/peripheral\/([^/]+)/.exec(asText(block['qdev']))?.[1] ?? '';
  return [device, peripheral, node].filter((alias) => alias !== '');
}

function nameOf(aliases: readonly string[], node: string): string {
  const given = aliases.find((alias) => !alias.startsWith('#')) ?? node;
  const short = given.normalize('NFC').slice(0, nameBytesMax / 4);
  const name = short.replace(/[^\p{L}\p{Nd}._-]/gu, '_').replace(/^[.-]+/, '');
  return name === '' ? 'disk' : name;
}

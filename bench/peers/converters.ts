import { join } from 'node:path';
import type { ArchiveTool } from './archive-tool.ts';

type Arguments = readonly string[];

interface Converter {
  readonly name: string;
  readonly program: string;
  /** Stored file's name. */
  readonly file: string;
  readonly pack: (image: string, store: string) => Arguments;
  readonly unpack: (store: string, target: string) => Arguments;
}

/** A program that turns one image file into one other file: no history, no encryption, not synced to disk. */
function converter(folder: string, options: Converter): ArchiveTool {
  const { name, program } = options;
  const store = join(folder, options.file);
  return {
    name,
    isIncremental: false,
    store,
    create: () => [],
    save: (image) => ({ program, args: options.pack(image, store) }),
    restore: (_saved, target) => ({ program, args: options.unpack(store, join(target, 'image')) }),
    restored: (_saved, target) => join(target, 'image'),
  };
}

const unpackQcow2 = (store: string, target: string): Arguments => [
  'convert',
  '-O',
  'raw',
  store,
  target,
];

/** qemu-img to a qcow2 file compressed with zstd. */
export const qemuZstd = (folder: string): ArchiveTool =>
  converter(folder, {
    name: 'qemu-img qcow2 zstd',
    program: 'qemu-img',
    file: 'image.qcow2',
    pack: (image, store) => [
      ...['convert', '-c', '-o', 'compression_type=zstd', '-O', 'qcow2', image, store],
    ],
    unpack: unpackQcow2,
  });

/** qemu-img to a qcow2 file compressed as by default, with zlib. */
export const qemuZlib = (folder: string): ArchiveTool =>
  converter(folder, {
    name: 'qemu-img qcow2 -c',
    program: 'qemu-img',
    file: 'image.qcow2',
    pack: (image, store) => ['convert', '-c', '-O', 'qcow2', image, store],
    unpack: unpackQcow2,
  });

/** zstd at its lowest level in one thread. */
export const zstdOne = (folder: string): ArchiveTool =>
  converter(folder, {
    name: 'zstd -1 -T1',
    program: 'zstd',
    file: 'image.zst',
    pack: (image, store) => ['-1', '-T1', '-q', '-f', image, '-o', store],
    unpack: (store, target) => ['-d', '-q', '-f', store, '-o', target],
  });

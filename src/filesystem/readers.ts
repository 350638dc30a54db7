import type { FileSystemReader } from './file-system.ts';

/** Every kind of file system that can be read; a new reader is one more line here. */
export const fileSystemReaders: readonly FileSystemReader[] = [];

export type * from './contract.ts';
export { FolderIndexHome, type IndexHome, MemoryIndexHome } from './home/index-home.ts';
export {
  createRepository,
  isRepository,
  type OpenRepositoryOptions,
  openRepository,
} from './home/open-repository.ts';
export type * from './repository.ts';

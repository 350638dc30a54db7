import { testStorage } from '../testing/storage-conformance.ts';
import { MemoryStorage } from './memory-storage.ts';

testStorage('memory', () => ({ storage: new MemoryStorage() }));

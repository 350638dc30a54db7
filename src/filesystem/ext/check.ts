import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import type { ExtVolume } from './ext-volume.ts';
import { descriptorFault } from './group-descriptor.ts';
import { ExtWalk } from './walk.ts';

/**
 * Walks every structure and tells what is wrong.
 * @param volume - to be looked at
 */
export async function* checkVolume(volume: ExtVolume): AsyncGenerator<Finding> {
  yield* checkDescriptors(volume);
  const findings: Finding[] = [];
  const walk = new ExtWalk(volume, (finding) => findings.push(finding)).files();
  for (let step = await walk.next(); step.done !== true; step = await walk.next()) {
    yield* findings.splice(0);
  }
  yield* findings;
}

async function* checkDescriptors(volume: ExtVolume): AsyncGenerator<Finding> {
  const { superblock } = volume;
  for (let group = 0; group < superblock.groupCount; group += 1) {
    const structure = `descriptor of group ${group}`;
    try {
      const { bytes, offsetBytes } = await volume.firstDescriptor(group);
      const reason = descriptorFault(superblock, group, bytes);
      if (reason !== undefined) yield { severity: 'damage', structure, offsetBytes, reason };
    } catch (error) {
      yield findingOf(error, structure);
    }
  }
}

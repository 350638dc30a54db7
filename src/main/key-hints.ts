import type { KeySummary } from '../repository/index.ts';

/**
 * Words that the owner of a repository must read when losing one folder would lose everything.
 * @param slots - the keys that open it
 * @param dataFolder - absolute path
 * @returns lines; none when there is another key than a file
 */
export function keyHints(slots: readonly KeySummary[], dataFolder: string): readonly string[] {
  if (slots.some(({ kind }) => kind !== 'key-file')) return [];
  return [
    'THE ONLY KEY TO THIS REPOSITORY IS A FILE BESIDE ITS DATA:',
    `  ${dataFolder}/key`,
    'Who copies the whole folder can read everything; if the file is lost, all points are lost.',
    'Add a passphrase and print a recovery key, then keep the file elsewhere:',
    '  secondwind key add --passphrase',
    '  secondwind key add --recovery',
  ];
}

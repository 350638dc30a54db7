import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom } from './seeded-random.ts';

const filesPerFolder = 1000;
const filesAtOnce = 64;
const words = [
  'invoice',
  'report',
  'draft',
  'photo',
  'backup',
  'letter',
  'minutes',
  'plan',
] as const;
const endings = ['pdf', 'docx', 'xlsx', 'txt', 'jpg', 'log'] as const;

/**
 * A name as people give them, always the same one for a number.
 * @param random - chooses the words
 * @param number - makes it unlike all others
 */
export function usualName(random: SeededRandom, number: number): string {
  const word = words[random.below(words.length)]!;
  const ending = endings[random.below(endings.length)]!;
  const year = 1990 + random.below(37);
  return `${word}-${year}-${String(number).padStart(7, '0')}.${ending}`;
}

/**
 * Fills a folder with small files, a thousand in each folder below it.
 * @param folder - exists
 * @param count - of files
 */
export async function makeManyFiles(folder: string, count: number): Promise<void> {
  const random = new SeededRandom(11);
  const making: Promise<void>[] = [];
  for (let number = 0; number < count; number++) {
    const below = join(folder, `folder-${Math.floor(number / filesPerFolder)}`);
    if (number % filesPerFolder === 0) await mkdir(below);
    making.push(writeFile(join(below, usualName(random, number)), ''));
    if (making.length >= filesAtOnce) await Promise.all(making.splice(0));
  }
  await Promise.all(making);
}

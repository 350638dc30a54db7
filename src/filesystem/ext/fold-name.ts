import { decodeName } from '../name-text.ts';

/** Characters that Unicode lets a comparison pass over: soft hyphen, joiners, marks of direction, variation selectors. */
const ignored =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8]/g;

/**
 * A name in the form in which a case-folding directory compares: decomposed, without what is ignored, folded. It agrees with the
 * kernel's tables for all that Unicode 12.1 has, as far as Node's own tables have not changed since.
 * @source kernel: fs/unicode, utf8nfdicf; Unicode Standard, section 3.13
 * @param name - as it is stored; borrowed
 */
export function foldName(name: Uint8Array): string {
  const plain = decodeName(name).normalize('NFD').replace(ignored, '');
  // By way of capitals, so that what folds to two letters does so; the small sigma has two forms.
  return plain.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFD');
}

import { KeyedHash } from './keyed-hash.ts';

/** Characters in a piece of a name. */
const gramCharacters = 3;
/** Marks the beginning and the end of a name, so that "*.xlsx" looks only at ends; no name holds it. */
const border = '\0';
/** Half characters: pairs of them, or lone ones that stand for bytes which are no text. */
const surrogates = /[\ud800-\udfff]/;
/** Pieces whose token is remembered: names repeat theirs. */
const rememberedMax = 200_000;
/** 40 bits: two pieces that share a token are rare, and what is found is compared again. */
const tokenCharacters = 10;

/**
 * Turns names into tokens that tell nothing without the key: pieces of three characters, each under a keyed hash. An index of them finds
 * names that hold given text, and shows a thief only how often pieces occur.
 */
export class NameGrams {
  readonly #hash: KeyedHash;
  readonly #tokens = new Map<string, string>();

  /** @param key - 32 bytes, used for nothing else */
  constructor(key: Uint8Array) {
    this.#hash = new KeyedHash(key);
  }

  /**
   * Tokens of a name.
   * @param name - hostile text of any length
   * @returns tokens, "a–z0–9", joined by spaces
   */
  ofName(name: string): string {
    return this.#ofText(border + folded(name) + border);
  }

  /**
   * Tokens that every name has that fits a pattern.
   * @param pattern - "*" any characters, "?" one, "[…]" one of these
   * @returns tokens joined by spaces; empty when the pattern has no three characters together
   */
  ofPattern(pattern: string): string {
    const parts = (border + folded(pattern) + border).split(/[*?]|\[[^\]]*\]/);
    return parts
      .map((part) => this.#ofText(part))
      .filter((tokens) => tokens !== '')
      .join(' ');
  }

  #ofText(text: string): string {
    // A string is cut faster than an array, where each of its units is a whole character.
    const characters = surrogates.test(text) ? Array.from(text) : text;
    const grams = new Set<string>();
    for (let at = 0; at + gramCharacters <= characters.length; at += 1) {
      const piece = characters.slice(at, at + gramCharacters);
      grams.add(typeof piece === 'string' ? piece : piece.join(''));
    }
    return Array.from(grams, (gram) => this.#token(gram)).join(' ');
  }

  #token(gram: string): string {
    const known = this.#tokens.get(gram);
    if (known !== undefined) return known;
    if (this.#tokens.size >= rememberedMax) this.#tokens.clear();
    const token = this.#hash.digits(gram, tokenCharacters);
    this.#tokens.set(gram, token);
    return token;
  }
}

/**
 * A name as it is compared: without case, in Unicode's composed form.
 * @param name - hostile text
 */
export function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

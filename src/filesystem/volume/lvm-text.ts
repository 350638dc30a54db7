import { lvmDepthMax } from '../limits.ts';

/** A value in LVM's description of a volume group. */
export type LvmValue = number | string | readonly (number | string)[] | LvmSection;

/** A section: names with their values. */
export type LvmSection = ReadonlyMap<string, LvmValue>;

/** The text breaks the grammar. */
export class LvmTextFault extends Error {}

/** Reads LVM's text format: sections in braces, assignments, lists in brackets, comments from "#" to the end of the line. */
class LvmTextReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole text as one section. Sections open are kept in a list, so that their depth costs no recursion. */
  parse(): LvmSection {
    const root = new Map<string, LvmValue>();
    const open = [root];
    for (let character = this.#peek(); character !== ''; character = this.#peek()) {
      if (character === '}') this.#close(open);
      else this.#item(open);
    }
    if (open.length !== 1) this.#fail('a section does not end');
    return root;
  }

  #close(open: Map<string, LvmValue>[]): void {
    this.#at += 1;
    open.pop();
    if (open.length === 0) this.#fail('a section ends twice');
  }

  #item(open: Map<string, LvmValue>[]): void {
    const name = this.#word();
    const section = open.at(-1)!;
    if (this.#peek() === '=') {
      this.#at += 1;
      section.set(name, this.#peek() === '[' ? this.#list() : this.#scalar());
      return;
    }
    this.#expect('{');
    if (open.length > lvmDepthMax) this.#fail('sections are too deep');
    const inner = new Map<string, LvmValue>();
    section.set(name, inner);
    open.push(inner);
  }

  #list(): readonly (number | string)[] {
    const values: (number | string)[] = [];
    this.#expect('[');
    while (this.#peek() !== ']') {
      values.push(this.#scalar());
      if (this.#peek() === ',') this.#at += 1;
      else if (this.#peek() !== ']') this.#fail('a list does not end');
    }
    this.#at += 1;
    return values;
  }

  #scalar(): number | string {
    if (this.#peek() === '"') return this.#string();
    const word = this.#word();
    const value = Number(word);
    if (!Number.isFinite(value)) this.#fail('a value is neither number nor text');
    return value;
  }

  #string(): string {
    let value = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]!;
      if (character === '"') {
        this.#at += 1;
        return value;
      }
      if (character === '\\') this.#at += 1;
      value += this.#text[this.#at] ?? '';
    }
    return this.#fail('a text does not end');
  }

  #word(): string {
    this.#peek();
    const start = this.#at;
    while (this.#at < this.#text.length && isWordCharacter(this.#text.charCodeAt(this.#at))) {
      this.#at += 1;
    }
    if (this.#at === start) this.#fail('a name is missing');
    return this.#text.slice(start, this.#at);
  }

  #expect(character: string): void {
    if (this.#peek() !== character) this.#fail(`"${character}" is missing`);
    this.#at += 1;
  }

  /** The next character that means something; empty at the end, which a zero byte is too. */
  #peek(): string {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]!;
      if (character === '\0') break;
      if (character === '#') this.#skipLine();
      else if (character > ' ') return character;
    }
    this.#at = this.#text.length;
    return '';
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  #fail(reason: string): never {
    throw new LvmTextFault(`${reason} at byte ${this.#at}`);
  }
}

/** Letters, digits and "_.+-", of which names and numbers are made. */
function isWordCharacter(code: number): boolean {
  const isDigit = code >= 0x30 && code <= 0x39;
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return isDigit || isLetter || code === 0x5f || code === 0x2e || code === 0x2b || code === 0x2d;
}

/**
 * Parses LVM's description of a volume group.
 * @param text - as it lies on the disk; its length bounds the work
 * @throws LvmTextFault
 * @source lvm2, lib/config/config.c and lib/format_text
 */
export function parseLvmText(text: string): LvmSection {
  return new LvmTextReader(text).parse();
}

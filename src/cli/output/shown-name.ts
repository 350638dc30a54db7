/** Characters that drive a terminal, hide, or turn the direction of writing; and the sign that escapes begin with. */
const hidden = /[\p{C}\p{Zl}\p{Zp}\\]/gu;

/** Where name bytes that are no UTF-8 are put by the readers: U+DC80 … U+DCFF. */
const byteFirst = 0xdc80;
const byteLast = 0xdcff;

/**
 * Writes a name from a file system so that it can stand on a terminal and cannot pass for another: "a\x1b[2J", "b\u{202e}txt.exe".
 * @param name - hostile text
 */
export function shownName(name: string): string {
  return name.replace(hidden, (character) => {
    if (character === '\\') return '\\\\';
    const code = character.codePointAt(0)!;
    if (code >= byteFirst && code <= byteLast) return `\\x${(code & 0xff).toString(16)}`;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return `\\u{${code.toString(16)}}`;
  });
}

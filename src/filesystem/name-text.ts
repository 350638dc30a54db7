/** Where bytes that are no UTF-8 are put: U+DC80 … U+DCFF, lone surrogates that no valid text holds. */
const escapeBase = 0xdc00;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Decodes a name from a file system whose names are bytes. Bytes that are no UTF-8 become lone surrogates U+DC80 … U+DCFF, so
 * that every name has a text and `encodeName` gives the same bytes back.
 * @param bytes - the name as it is stored; borrowed
 */
export function decodeName(bytes: Uint8Array): string {
  if (isAscii(bytes)) return asciiText(bytes);
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

/**
 * The bytes of a name that `decodeName` decoded, or of any other text.
 * @param name - text, with lone surrogates for bytes that are no UTF-8
 */
export function encodeName(name: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(name)) return encoder.encode(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0)!;
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) bytes.push(code - escapeBase);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** By far the quickest way; walks decode a name for every file. */
function asciiText({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at]! > 0x7f) return false;
  return true;
}

/** Takes the longest valid run at each place; names are at most some hundred bytes, so trying is cheap. */
function decodeEscaped(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; ) {
    const length = validLength(bytes, start);
    text +=
      length === 0
        ? String.fromCharCode(escapeBase + bytes[start]!)
        : decoder.decode(bytes.subarray(start, start + length));
    start += Math.max(length, 1);
  }
  return text;
}

/** Length of the one valid character at `start`; 0 when there is none. */
function validLength(bytes: Uint8Array, start: number): number {
  for (let length = 1; length <= 4 && start + length <= bytes.length; length += 1) {
    try {
      decoder.decode(bytes.subarray(start, start + length));
      return length;
    } catch {
      // A longer run may be the character.
    }
  }
  return 0;
}

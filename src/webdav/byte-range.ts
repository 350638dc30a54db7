/** A part of a content that a client asked for. */
export interface AskedRange {
  readonly startBytes: number;
  /** Length, bytes; more than 0. */
  readonly lengthBytes: number;
}

/**
 * Reads a Range header with one range. Several ranges, other units and what makes no sense are answered with the whole content, as
 * the specification allows.
 * @source RFC 9110, section 14.2
 * @param header - of the request, if there is one
 * @param sizeBytes - of the content
 * @returns the range; "whole" when there is none to be kept to; "none" when it lies behind the end
 */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): AskedRange | 'whole' | 'none' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') return suffix(Number(last), sizeBytes);
  const startBytes = Number(first);
  const endBytes = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== '' && Number(last) < startBytes) return 'whole';
  if (startBytes >= sizeBytes) return 'none';
  return { startBytes, lengthBytes: endBytes - startBytes };
}

function suffix(wantedBytes: number, sizeBytes: number): AskedRange | 'none' {
  const lengthBytes = Math.min(wantedBytes, sizeBytes);
  return lengthBytes === 0 ? 'none' : { startBytes: sizeBytes - lengthBytes, lengthBytes };
}

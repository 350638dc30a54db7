/**
 * A GUID as it is written, lower case: the first three groups are stored little-endian.
 * @param bytes - 16 bytes
 * @source UEFI specification 2.10, appendix A
 */
export function guidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  const byte = (index: number): string => hex.slice(index * 2, index * 2 + 2);
  const group = (...indexes: number[]): string => indexes.map(byte).join('');
  return [
    group(3, 2, 1, 0),
    group(5, 4),
    group(7, 6),
    group(8, 9),
    group(10, 11, 12, 13, 14, 15),
  ].join('-');
}

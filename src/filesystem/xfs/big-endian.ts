/**
 * An unsigned 64-bit number. Above 2⁵³ it is no longer exact, so whoever uses it as a place checks that it is a safe integer.
 * @param view - big-endian bytes
 * @param offset - where it lies, bytes
 */
export function unsigned64(view: DataView, offset: number): number {
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
}

/**
 * A view of bytes, for numbers of several bytes.
 * @param bytes - borrowed
 */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import assert from 'node:assert/strict';

/**
 * Asserts that a span lies inside a disk: a caller that asks beyond the end has a bug, outside data is checked earlier.
 * @param sizeBytes - size of the disk, bytes
 * @param offsetBytes - start of the span, bytes
 * @param lengthBytes - length of the span, bytes
 */
export function assertInside(sizeBytes: number, offsetBytes: number, lengthBytes: number): void {
  if (
    Number.isSafeInteger(offsetBytes) &&
    Number.isSafeInteger(lengthBytes) &&
    offsetBytes >= 0 &&
    lengthBytes >= 0 &&
    offsetBytes + lengthBytes <= sizeBytes
  ) {
    return;
  }
  assert.fail(`span ${offsetBytes}+${lengthBytes} is not inside a disk of ${sizeBytes} bytes`);
}

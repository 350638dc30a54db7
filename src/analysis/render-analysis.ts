import { formatBytes, formatCount, formatDuration, formatRate } from '../base/units.ts';
import type { AnalysisResult, DuplicateClass } from './analysis-result.ts';

/**
 * Writes an analysis for people: what was read, what a store would hold, and where duplicates lie.
 * @param result - what was found
 * @returns lines, the last one without a line end
 */
export function renderAnalysis(result: AnalysisResult): string {
  return [
    ...disksTable(result),
    '',
    ...totalsTable(result),
    '',
    ...duplicatesTable(result.duplicates),
    '',
    ...notes(result),
  ].join('\n');
}

function disksTable({ disks }: AnalysisResult): readonly string[] {
  return table([
    ['image', 'size', 'zeroes'],
    ...disks.map(({ name, sizeBytes, zeroBytes }) => [
      name,
      formatBytes(sizeBytes),
      percent(zeroBytes, sizeBytes),
    ]),
  ]);
}

function totalsTable(result: AnalysisResult): readonly string[] {
  const { store } = result;
  return table([
    ['', 'size', ''],
    ['all images', formatBytes(result.logicalBytes), ''],
    ['data without zeroes', formatBytes(result.logicalBytes - result.zeroBytes), ''],
    ['different data', formatBytes(result.uniqueBytes), times(result.deduplicationRatio)],
    ['compressed', formatBytes(store.dataBytes), times(result.compressionRatio)],
    ['commits and lists', formatBytes(store.recordBytes), ''],
    ['indexes', formatBytes(store.indexBytes), ''],
    ['store to expect', formatBytes(store.totalBytes), times(result.totalRatio)],
  ]);
}

function duplicatesTable(classes: readonly DuplicateClass[]): readonly string[] {
  return table([
    ['chunks that occur', 'chunks', 'saved'],
    ...classes.map(({ fromCount, toCount, chunkCount, savedBytes }) => [
      occurrences(fromCount, toCount),
      formatCount(chunkCount),
      formatBytes(savedBytes),
    ]),
  ]);
}

function notes(result: AnalysisResult): readonly string[] {
  const { logicalBytes, elapsedMs, namesCountedOneIn, compressedShare } = result;
  const chunks = `${formatCount(result.chunkCount)} chunks, ${formatCount(result.uniqueChunkCount)} different`;
  const lines = [
    `${chunks}, ${formatBytes(result.averageChunkBytes)} on average.`,
    `Read ${formatBytes(logicalBytes)} in ${formatDuration(elapsedMs)} (${formatRate(logicalBytes, elapsedMs)}).`,
  ];
  if (compressedShare < 0.995) {
    const share = Math.round(compressedShare * 100);
    lines.push(`Compression was measured on ${share} % of the different data.`);
  }
  if (namesCountedOneIn > 1) {
    lines.push(
      `More chunks than fit in memory: duplicates were counted on one in ${namesCountedOneIn} and scaled up.`,
    );
  }
  return lines;
}

function occurrences(fromCount: number, toCount: number): string {
  if (toCount === 1) return 'once';
  const counts =
    fromCount === toCount
      ? formatCount(toCount)
      : `${formatCount(fromCount)}–${formatCount(toCount)}`;
  return `${counts} times`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;
}

function times(ratio: number): string {
  return `÷ ${ratio.toFixed(2)}`;
}

/** Left column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** A column of a table. */
export interface Column {
  /** Words above it. */
  readonly title: string;
  /** Numbers stand to the right. */
  readonly isRight?: boolean;
}

/**
 * Writes rows under aligned titles; columns that are empty in every row are left out.
 * @param columns - see Column
 * @param rows - cells in the order of the columns
 * @returns lines, each with its newline; only the titles when there are no rows
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const shown = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ index }) => rows.length === 0 || rows.some((row) => (row[index] ?? '') !== ''));
  const widths = shown.map(({ title, index }) =>
    Math.max(width(title), ...rows.map((row) => width(visible(row[index] ?? '')))),
  );
  const line = (cells: readonly string[]): string =>
    `${shown
      .map(({ isRight }, position) => pad(cells[position]!, widths[position]!, isRight === true))
      .join('  ')
      .trimEnd()}\n`;
  const titles = line(shown.map(({ title }) => title));
  return (
    titles + rows.map((row) => line(shown.map(({ index }) => visible(row[index] ?? '')))).join('')
  );
}

/**
 * Writes names and values, the values aligned.
 * @param facts - in order; empty values are left out
 */
export function factSheet(facts: readonly (readonly [string, string])[]): string {
  const shown = facts.filter(([, value]) => value !== '');
  const nameWidth = Math.max(0, ...shown.map(([name]) => width(name)));
  return shown
    .map(([name, value]) => `${pad(name, nameWidth, false)}  ${visible(value)}\n`)
    .join('');
}

/**
 * A text from outside, without characters that could drive a terminal.
 * @param text - any text
 */
export function visible(text: string): string {
  return text.replace(/\p{C}/gu, '�');
}

function pad(text: string, columns: number, isRight: boolean): string {
  const spaces = ' '.repeat(Math.max(0, columns - width(text)));
  return isRight ? spaces + text : text + spaces;
}

/** Characters that a text takes; marks that combine with the one before take none. */
function width(text: string): number {
  return Array.from(text.replace(/\p{M}/gu, '')).length;
}

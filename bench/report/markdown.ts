import { type Aim, type Column, isReached, type Row, type WorkResult } from './result.ts';

/** Writes a result as markdown: the table, the aims, the notes, the commands. */
export function resultMarkdown(result: WorkResult): string {
  const parts = [tableMarkdown(result.columns, result.rows), aimsMarkdown(result.aims)];
  if (result.notes.length > 0) parts.push(result.notes.map((note) => `- ${note}`).join('\n'));
  if (result.commands.length > 0) parts.push(['```', ...result.commands, '```'].join('\n'));
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Writes the aims as a table, each on one line that begins with ✓ or ✗. */
export function aimsMarkdown(aims: readonly Aim[]): string {
  if (aims.length === 0) return '';
  const lines = aims.map((aim) => {
    const mark = isReached(aim) ? '✓' : '✗';
    return `| ${mark} | ${aim.text} | ${figure(aim.value)}${aim.unit} | ${aim.kind} ${figure(aim.limit)}${aim.unit} |`;
  });
  return ['| | aim | measured | wanted |', '|---|---|---|---|', ...lines].join('\n');
}

function tableMarkdown(columns: readonly Column[], rows: readonly Row[]): string {
  const head = `| ${columns.map((column) => column.title).join(' | ')} |`;
  const lines = rows.map((row) => `| ${columns.map((each) => cell(row, each)).join(' | ')} |`);
  return [head, `|${'---|'.repeat(columns.length)}`, ...lines].join('\n');
}

function cell(row: Row, column: Column): string {
  const value = row[column.key];
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : grouped(value.toFixed(column.digits ?? 0));
}

function figure(value: number): string {
  return grouped(value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
}

function grouped(digits: string): string {
  return digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

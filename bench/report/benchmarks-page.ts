import { readFileSync, writeFileSync } from 'node:fs';

/** One section of the page. */
export interface PageSection {
  /** Name of the work, which its markers carry. */
  readonly name: string;
  /** Its heading. */
  readonly title: string;
  /** Markdown below the heading. */
  readonly body: string;
}

const summaryName = 'summary';
const aimLine = /^\| [✓✗] \|.*$/gm;

/**
 * Puts sections into docs/benchmarks.md, in place of what stood between their markers, and makes the summary anew from the
 * aims of all sections. What stands outside the markers is left alone.
 * @param path - of the page; it must hold the markers of the summary
 * @param sections - what was measured now
 * @param order - names of all works, in the order of the page
 */
export function writePage(
  path: string,
  sections: readonly PageSection[],
  order: readonly string[],
): void {
  let page = readFileSync(path, 'utf8');
  for (const section of sections) page = withSection(page, section, order);
  writeFileSync(path, between(page, summaryName, summaryOf(page, order)));
}

function withSection(page: string, section: PageSection, order: readonly string[]): string {
  const { name, title, body } = section;
  const text = `## ${title}\n\n${body}`;
  if (page.includes(begin(name))) return between(page, name, text);
  // A new section goes before the next one that is there already.
  const later = order.slice(order.indexOf(name) + 1).find((each) => page.includes(begin(each)));
  const place = later === undefined ? page.length : page.indexOf(begin(later));
  const block = `${begin(name)}\n${text}\n${end(name)}\n`;
  const [before, after] = [page.slice(0, place).trimEnd(), page.slice(place)];
  return `${before}\n\n${block}${after === '' ? '' : `\n${after}`}`;
}

function summaryOf(page: string, order: readonly string[]): string {
  const lines = order.flatMap((name) => {
    const section = contentOf(page, name);
    const title = /^## (.*)$/m.exec(section)?.[1] ?? '';
    return (section.match(aimLine) ?? []).map((line) =>
      line.replace(/^(\| . \|) /, `$1 ${title}: `),
    );
  });
  if (lines.length === 0) return 'Nothing was measured yet.';
  return ['| | aim | measured | wanted |', '|---|---|---|---|', ...lines].join('\n');
}

function contentOf(page: string, name: string): string {
  const start = page.indexOf(begin(name));
  return start === -1 ? '' : page.slice(start + begin(name).length, page.indexOf(end(name)));
}

function between(page: string, name: string, text: string): string {
  const start = page.indexOf(begin(name));
  const stop = page.indexOf(end(name));
  if (start === -1 || stop === -1) throw new Error(`the page lacks the markers of ${name}`);
  return `${page.slice(0, start)}${begin(name)}\n${text}\n${page.slice(stop)}`;
}

const begin = (name: string): string => `<!-- bench:${name} -->`;
const end = (name: string): string => `<!-- /bench:${name} -->`;

export const NOTE = 'This page is written by `npm run docs` from the catalogue in the code.'

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A table in Markdown. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(headings), `|${headings.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

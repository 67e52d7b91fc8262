/** Columns aligned by width, numbers to the right; one line of headings. */
export function renderTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map(row => (row[i] ?? '').length)))
  const numeric = names.map(
    (_, i) => rows.length > 0 && rows.every(row => /^[-+]?[\d.,]+( ?\S{1,8})?$|^$|^-$/.test(row[i] ?? '')),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${[line(names), ...rows.map(line)].join('\n')}\n`
}

/** RFC 4180, with a heading line. */
export function toCsv(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return [names, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('')
}

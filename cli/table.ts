const NUMBER = /^[-+<>]*[\d.,]+( ?\S{1,8})?$|^$|^-$/
/** Names come from clients: control characters, which could control a terminal, are shown as U+FFFD. */
const CONTROL = /\p{Cc}/gu

/** Aligned columns, numbers to the right; one heading line. */
export function renderTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const texts = [names, ...rows].map(row => row.map(cell => cell.replace(CONTROL, '\u{fffd}')))
  const widths = names.map((_, i) => Math.max(...texts.map(row => (row[i] ?? '').length)))
  const numeric = names.map((_, i) => rows.length > 0 && rows.every(row => NUMBER.test(row[i] ?? '')))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${texts.map(line).join('\n')}\n`
}

/** RFC 4180, with a heading line. */
export function toCsv(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return [names, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('')
}

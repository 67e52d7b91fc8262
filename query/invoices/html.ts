/** A bill as a page of its own: printable on A4, without scripts, and nothing loaded from elsewhere. */
import { hash } from 'node:crypto'
import type { InvoiceAnswer, InvoiceLineAnswer } from '../../core/api/answers.ts'
import { decimalText, divideHalfEven, parseDecimal } from '../../core/model/decimal.ts'

const STYLE = `
@page { size: A4; margin: 18mm 16mm }
* { box-sizing: border-box }
body { font: 10pt/1.4 system-ui, sans-serif; color: #111; max-width: 178mm; margin: 0 auto; padding: 8mm 0 }
h1 { font-size: 18pt; margin: 0 0 2mm }
header { display: flex; justify-content: space-between; gap: 10mm; margin-bottom: 8mm }
dl { display: grid; grid-template-columns: auto auto; gap: 1mm 4mm; margin: 0 }
dt { color: #555 } dd { margin: 0 }
table { width: 100%; border-collapse: collapse; font-size: 8.5pt }
thead { display: table-header-group }
tr { break-inside: avoid }
th, td { text-align: left; padding: 1.2mm 1.5mm; vertical-align: top; border-bottom: 0.2mm solid #ddd; overflow-wrap: anywhere }
th { border-bottom: 0.4mm solid #111 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tfoot td { border-bottom: 0 } tfoot tr:last-child td { font-weight: 700; border-top: 0.4mm solid #111 }
.draft { color: #a40000; font-weight: 700 }
section { margin-top: 6mm; font-size: 8.5pt; color: #333; break-inside: avoid }
`

const STYLE_HASH = hash('sha256', STYLE, 'base64')

/** Headers of the page: its style is the one thing that it may use. */
export const htmlHeaders = (): Readonly<Record<string, string>> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
})

/** The page. */
export function invoicePage(invoice: InvoiceAnswer): string {
  const title = invoice.number === null ? `Draft ${invoice.period}` : `Invoice ${invoice.number}`
  const lines = invoice.lines ?? []
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(`${title} - ${invoice.account_name}`)}</title><style>${STYLE}</style></head>
<body>
<header>
<div><h1>${escapeHtml(title)}</h1>${invoice.state === 'draft' ? '<div class="draft">Draft: the period is open, and the bill may change.</div>' : ''}
<div>${escapeHtml(invoice.issuer)}</div></div>
<dl>${facts(invoice)
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('')}</dl>
</header>
<table>
<thead><tr><th>#</th><th>Description</th><th class="n">Quantity</th><th class="n">Unit price</th><th class="n">${escapeHtml(invoice.currency)}</th></tr></thead>
<tbody>
${lines.map(lineRow).join('\n')}
</tbody>
<tfoot>
${sumRow('Subtotal', invoice.subtotal)}
${sumRow('Tax', invoice.tax)}
${sumRow(`Total ${invoice.currency}`, invoice.total)}
</tfoot>
</table>
<section>${emissions(lines)}</section>
${invoice.notes.length === 0 ? '' : `<section><strong>Notes</strong><ul>${invoice.notes.map(note => `<li>${escapeHtml(note)}</li>`).join('')}</ul></section>`}
<section>${escapeHtml(invoice.rounding)}</section>
<section>SHA-256 of the lines: ${escapeHtml(invoice.digest)}</section>
</body>
</html>
`
}

const facts = (invoice: InvoiceAnswer): readonly (readonly [string, string])[] => [
  [
    'Account',
    invoice.account_name === invoice.account
      ? invoice.account
      : `${invoice.account_name} (${invoice.account})`,
  ],
  ['Period', `${invoice.period} (${invoice.time_zone})`],
  ['From', invoice.period_start],
  ['To', invoice.period_end],
  ...(invoice.issued === null ? [] : [['Issued', invoice.issued] as const]),
]

const lineRow = (line: InvoiceLineAnswer): string =>
  `<tr><td>${line.line}</td><td>${escapeHtml(line.description)}</td>` +
  `<td class="n">${escapeHtml(shortened(line.quantity))} ${escapeHtml(line.unit ?? '')}</td>` +
  `<td class="n">${escapeHtml(shortened(line.contracted_unit_price))}</td><td class="n">${escapeHtml(line.billed_cost)}</td></tr>`

const sumRow = (name: string, amount: string): string =>
  `<tr><td></td><td colspan="3">${escapeHtml(name)}</td><td class="n">${escapeHtml(amount)}</td></tr>`

/** Operational and embodied emissions of all lines, as information. */
function emissions(lines: readonly InvoiceLineAnswer[]): string {
  const sum = (of: (line: InvoiceLineAnswer) => string, perUnit: bigint): string =>
    rounded(
      lines.reduce((total, line) => total + BigInt(of(line)), 0n),
      perUnit,
    )
  const kwh = sum(line => line.energy_uj, 3_600_000_000_000n)
  const operational = sum(line => line.carbon_operational_ug, 1_000_000_000n)
  const embodied = sum(line => line.carbon_embodied_ug, 1_000_000_000n)
  return `For information: ${kwh} kWh of the machines, ${operational} kg CO2e operational (location-based), ${embodied} kg CO2e embodied.`
}

const PRINTED = 6

const rounded = (amount: bigint, perUnit: bigint): string =>
  decimalText({ mantissa: divideHalfEven(amount * 10n ** BigInt(PRINTED), perUnit), scale: PRINTED })

/** Six decimals are enough to print, unless nothing would be left; the exact value is in JSON. */
function shortened(value: string | null): string {
  if (value === null) return ''
  const { mantissa, scale } = parseDecimal(value)
  if (scale <= PRINTED) return value
  const short = rounded(mantissa, 10n ** BigInt(scale))
  return short === '0' ? value : short
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, found => ESCAPES[found] ?? found)

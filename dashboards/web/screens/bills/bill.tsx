import { useState } from 'preact/hooks'
import type { InvoiceAnswer, InvoiceLineAnswer } from '../../../../core/api/answers.ts'
import { CARBON, ENERGY } from '../../../../core/model/amounts.ts'
import { usePoll } from '../../hooks/use-poll.ts'
import { ApiError } from '../../lib/api.ts'
import {
  type BillPlace,
  billPath,
  currencyText,
  focusPath,
  lineGroups,
  periodText,
  shortText,
  shortUnitPrice,
} from '../../lib/bills.ts'
import { download } from '../../lib/download.ts'
import { formatQuantity } from '../../lib/units.ts'
import { Part } from '../../parts/part.tsx'
import { Badge } from '../../parts/small.tsx'
import { LineEntries } from './line-entries.tsx'

/** A closed bill never changes. */
const BILL_MS = 60_000

/** One bill with its lines. */
export function BillScreen({ place, onBack }: { readonly place: BillPlace; readonly onBack: () => void }) {
  const bill = usePoll<InvoiceAnswer>(billPath(place, 'json'), BILL_MS)
  const [line, setLine] = useState<InvoiceLineAnswer | null>(null)
  return (
    <div class="screen">
      <div class="bill-bar">
        <button type="button" class="row-button" onClick={onBack}>
          ← All bills
        </button>
        <Downloads place={place} />
      </div>
      <Part title={bill.data?.number ?? 'Draft'} answer={bill} head={<State state={place.state} />}>
        {data => (
          <>
            <Facts bill={data} />
            <Lines bill={data} onLine={setLine} />
            <Small bill={data} />
          </>
        )}
      </Part>
      {line !== null && bill.data !== null && (
        <LineEntries bill={bill.data} line={line} onClose={() => setLine(null)} />
      )}
    </div>
  )
}

const State = ({ state }: Pick<BillPlace, 'state'>) =>
  state === 'closed' ? <Badge tone="good">Closed</Badge> : <Badge tone="estimated">Draft</Badge>

function Downloads({ place }: { readonly place: BillPlace }) {
  const [said, setSaid] = useState('')
  const name = `bill-${place.period}-${place.account || 'no-account'}`.replace(/[^\w.-]+/g, '_')
  const files = [
    { label: 'HTML', path: billPath(place, 'html'), name: `${name}.html` },
    { label: 'JSON', path: billPath(place, 'json'), name: `${name}.json` },
    ...(place.state === 'draft'
      ? []
      : [
          { label: 'FOCUS CSV', path: focusPath(place, 'csv'), name: `focus-${name}.csv` },
          { label: 'FOCUS Parquet', path: focusPath(place, 'parquet'), name: `focus-${name}.parquet` },
        ]),
  ]
  const save = async (file: (typeof files)[number]): Promise<void> => {
    setSaid('')
    try {
      await download(file.path, file.name)
      setSaid(`${file.label} is saved.`)
    } catch (error) {
      setSaid(error instanceof ApiError ? `${error.message} ${error.remedy}` : String(error))
    }
  }
  return (
    <span class="bill-files">
      <span class="note" role="status">
        {said}
      </span>
      {files.map(file => (
        <button key={file.label} type="button" class="row-button" onClick={() => void save(file)}>
          {file.label}
        </button>
      ))}
    </span>
  )
}

function Facts({ bill }: { readonly bill: InvoiceAnswer }) {
  const facts = [
    ['Account', bill.account_name === '' ? bill.account : `${bill.account_name} (${bill.account})`],
    ['Period', `${periodText(bill.period)}, ${bill.time_zone}`],
    ['Issued', bill.issued === null ? 'not yet' : new Date(bill.issued).toLocaleString()],
    ...(bill.issuer === '' ? [] : [['Issuer', bill.issuer]]),
  ] as const
  return (
    <div class="bill-facts">
      <dl>
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt class="label">{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p class="bill-sum">
        <span class="label">Total</span>
        <b class="figure">{currencyText(bill.total, bill.currency)}</b>
      </p>
    </div>
  )
}

function Lines(props: { readonly bill: InvoiceAnswer; readonly onLine: (line: InvoiceLineAnswer) => void }) {
  const { bill } = props
  return (
    <table class="sheet">
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">Quantity</th>
          <th scope="col">Unit price</th>
          <th scope="col">Energy</th>
          <th scope="col">Carbon</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      {lineGroups(bill).map(group => (
        <tbody key={group.title}>
          <tr class="sheet-group">
            <th scope="rowgroup" colSpan={6}>
              {group.title}
            </th>
          </tr>
          {group.lines.map(line => (
            <Line key={line.line} bill={bill} line={line} onLine={props.onLine} />
          ))}
        </tbody>
      ))}
      <tfoot>
        {[
          ['Before taxes', bill.subtotal],
          ['Taxes', bill.tax],
          ['Total', bill.total],
        ].map(([name = '', amount = '']) => (
          <tr key={name}>
            <th scope="row" colSpan={5}>
              {name}
            </th>
            <td>{currencyText(amount, bill.currency)}</td>
          </tr>
        ))}
      </tfoot>
    </table>
  )
}

function Line(props: {
  readonly bill: InvoiceAnswer
  readonly line: InvoiceLineAnswer
  readonly onLine: (line: InvoiceLineAnswer) => void
}) {
  const { bill, line } = props
  const energy = formatQuantity(BigInt(line.energy_uj), ENERGY)
  const ug = BigInt(line.carbon_operational_ug) + BigInt(line.carbon_embodied_ug)
  const carbon = formatQuantity(ug, CARBON)
  const hasUse = line.category === 'Usage'
  const detail = [line.sku, line.zone, line.share].filter(Boolean).join(' · ')
  return (
    <tr>
      <th scope="row">
        {hasUse && bill.state === 'closed' ? (
          <button type="button" class="line-button" onClick={() => props.onLine(line)}>
            {line.description}
          </button>
        ) : (
          <span>{line.description}</span>
        )}
        <span class="detail">
          {detail}
          {line.unpriced_cost_uj !== '0' && <Badge tone="estimated">energy without a price</Badge>}
          {line.unpriced_carbon_uj !== '0' && <Badge tone="estimated">energy without carbon</Badge>}
        </span>
      </th>
      <td data-label="Quantity" title={line.quantity ?? undefined}>
        {line.quantity === null ? '' : `${shortText(line.quantity)} ${line.unit ?? ''}`}
      </td>
      <td data-label="Unit price" title={line.contracted_unit_price ?? undefined}>
        {line.contracted_unit_price === null ? '' : shortUnitPrice(line.contracted_unit_price, bill.currency)}
        {line.list_unit_price !== line.contracted_unit_price && line.list_unit_price !== null && (
          <span class="detail">list {shortUnitPrice(line.list_unit_price, bill.currency)}</span>
        )}
      </td>
      <td data-label="Energy">{hasUse && line.energy_uj !== '0' ? `${energy.value} ${energy.unit}` : ''}</td>
      <td data-label="Carbon">{hasUse && ug !== 0n ? `${carbon.value} ${carbon.unit}` : ''}</td>
      <td data-label="Amount" class="sheet-amount">
        {currencyText(line.billed_cost, bill.currency)}
      </td>
    </tr>
  )
}

function Small({ bill }: { readonly bill: InvoiceAnswer }) {
  return (
    <div class="bill-small">
      {bill.notes.map(note => (
        <p key={note}>{note}</p>
      ))}
      <p>{bill.rounding}</p>
      {bill.state === 'closed' ? (
        <p>
          Choose a line of usage to see the entries behind it. SHA-256 of the lines:{' '}
          <code>{bill.digest}</code>
        </p>
      ) : (
        <p>The entries behind a line can be shown once the period is closed.</p>
      )}
    </div>
  )
}

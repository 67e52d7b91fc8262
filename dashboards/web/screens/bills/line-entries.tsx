import { useEffect, useState } from 'preact/hooks'
import type {
  FactorAnswer,
  InvoiceAnswer,
  InvoiceLineAnswer,
  LineEntriesAnswer,
  LineEntryAnswer,
} from '../../../../core/api/answers.ts'
import { CARBON, ENERGY } from '../../../../core/model/amounts.ts'
import { ApiError, getJson } from '../../lib/api.ts'
import { currencyText, entriesPath, trimmedText } from '../../lib/bills.ts'
import { formatMoney } from '../../lib/money.ts'
import { formatInteger, formatQuantity } from '../../lib/units.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Badge, Empty, Failed } from '../../parts/small.tsx'

interface ShownEntries {
  readonly answer: LineEntriesAnswer
  readonly entries: readonly LineEntryAnswer[]
}

/** From a line of a bill back to entries of the ledger, the factors that rated them, and the readings that they come from. */
export function LineEntries(props: {
  readonly bill: InvoiceAnswer
  readonly line: InvoiceLineAnswer
  readonly onClose: () => void
}) {
  const { bill, line } = props
  const { shown, error, more } = useEntries(bill.id, line.line)
  return (
    <Dialog
      label={`Entries behind ${line.description}`}
      title={
        <>
          <span>{line.description}</span>
          <span class="detail">{line.service_period}</span>
        </>
      }
      onClose={props.onClose}
    >
      {error !== null && <Failed error={error} />}
      {shown === null && error === null && <Empty title="Fetching the entries…" />}
      {shown !== null && (
        <>
          <Sums answer={shown.answer} currency={bill.currency} />
          <Entries entries={shown.entries} currency={bill.currency} />
          {shown.answer.next !== null && (
            <button type="button" class="more" onClick={more}>
              More entries
            </button>
          )}
          <details class="walk-sql">
            <summary>All of them as SQL</summary>
            <pre>{shown.answer.sql}</pre>
          </details>
        </>
      )}
    </Dialog>
  )
}

function useEntries(id: string, line: number) {
  const [offset, setOffset] = useState(0)
  const [shown, setShown] = useState<ShownEntries | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    const controller = new AbortController()
    getJson<LineEntriesAnswer>(entriesPath(id, line, offset), controller.signal).then(
      answer =>
        setShown(before => ({
          answer,
          entries: [...(offset === 0 ? [] : (before?.entries ?? [])), ...answer.entries],
        })),
      (problem: unknown) => {
        if (controller.signal.aborted) return
        setError(problem instanceof ApiError ? problem : new ApiError(String(problem), false, ''))
      },
    )
    return () => controller.abort()
  }, [id, line, offset])
  return { shown, error, more: () => setOffset(shown?.answer.next ?? 0) }
}

function Sums({ answer, currency }: { readonly answer: LineEntriesAnswer; readonly currency: string }) {
  const { sums } = answer
  const energy = formatQuantity(BigInt(sums.energy_uj), ENERGY)
  const isAll = trimmedText(sums.cost) === trimmedText(sums.billed)
  return (
    <p class="note trace-summary">
      <span>
        <b>{formatInteger(BigInt(sums.entries))}</b> {sums.entries === '1' ? 'entry' : 'entries'} now
      </span>
      <span>
        <b>
          {energy.value} {energy.unit}
        </b>
      </span>
      <span>
        cost <b>{currencyText(trimmedText(sums.cost), currency)}</b>
      </span>
      <span>
        billed so far <b>{currencyText(trimmedText(sums.billed), currency)}</b>
      </span>
      {!isAll && <Badge tone="estimated">the difference is corrected on the next bill</Badge>}
    </p>
  )
}

function Entries({
  entries,
  currency,
}: {
  readonly entries: readonly LineEntryAnswer[]
  readonly currency: string
}) {
  if (entries.length === 0) return <Empty title="The ledger no longer has these entries" />
  return (
    <table class="sheet">
      <thead>
        <tr>
          <th scope="col">Minute (UTC), host and workload</th>
          <th scope="col">Energy</th>
          <th scope="col">PUE</th>
          <th scope="col">Price</th>
          <th scope="col">Cost</th>
          <th scope="col">Intensity</th>
          <th scope="col">Carbon</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(entry => (
          <Entry key={entry.entry_id} entry={entry} currency={currency} />
        ))}
      </tbody>
    </table>
  )
}

function Entry({ entry, currency }: { readonly entry: LineEntryAnswer; readonly currency: string }) {
  const energy = formatQuantity(BigInt(entry.energy_uj), ENERGY)
  const { carbon_operational_ug: ug } = entry
  const carbon = ug === null ? null : formatQuantity(BigInt(ug), CARBON)
  const cost = [entry.cost_energy_nano, entry.cost_resource_nano].filter(one => one !== null)
  const name = [entry.namespace, entry.workload_name || entry.workload_id].filter(Boolean).join('/')
  return (
    <tr>
      <th scope="row">
        <span>
          {entry.window_start.slice(0, 16)} {entry.host_name || entry.host}
        </span>
        <span class="detail">
          {[name || entry.share, entry.component].filter(Boolean).join(' · ')}
          <Badge tone={entry.energy_quality === 'measured' ? 'measured' : 'estimated'}>
            {entry.energy_quality}
          </Badge>
          {entry.entry_kind === 'correction' && (
            <Badge tone="interpolated">{entry.correction_reason.replaceAll('_', ' ')}</Badge>
          )}
        </span>
        <details class="walk-sql">
          <summary>Readings</summary>
          <p class="note">
            From {entry.energy_source || 'no meter'}, method {entry.method || 'none'}:
          </p>
          <pre>{entry.readings_sql}</pre>
        </details>
      </th>
      <td data-label="Energy" title={`${entry.energy_uj} µJ`}>
        {energy.value} {energy.unit}
      </td>
      <td data-label="PUE">{entry.pue}</td>
      <td data-label="Price">
        {entry.tariffs.map(one => (
          <Factor key={one.version + one.unit} factor={one} />
        ))}
      </td>
      <td data-label="Cost">
        {cost.length === 0
          ? 'no price'
          : formatMoney(
              cost.reduce((sum, one) => sum + BigInt(one), 0n),
              currency,
            )}
      </td>
      <td data-label="Intensity">{entry.intensity !== null && <Factor factor={entry.intensity} />}</td>
      <td data-label="Carbon">{carbon === null ? 'no factor' : `${carbon.value} ${carbon.unit}`}</td>
    </tr>
  )
}

/** A factor with where it comes from: the title has its version. */
const Factor = ({ factor }: { readonly factor: FactorAnswer }) => (
  <span class="factor" title={`version ${factor.version}`}>
    {factor.value} {factor.unit}
    <span class="detail">
      {factor.state}, {factor.source}
    </span>
  </span>
)

import { useMemo, useState } from 'preact/hooks'
import type { UsageAnswer } from '../../../../core/api/answers.ts'
import { CARBON, type ColumnScale, CPU_TIME, columnScale, ENERGY } from '../../../../core/model/amounts.ts'
import { colourOf } from '../../lib/colours.ts'
import { currencySymbol, moneyColumn } from '../../lib/money.ts'
import {
  largest,
  lineOf,
  type Sort,
  type SortColumn,
  type Sum,
  searchLines,
  sortLines,
  sumLines,
  type WorkloadLine,
} from '../../lib/rows.ts'
import { formatAt, formatInteger, perMille } from '../../lib/units.ts'
import { Empty } from '../../parts/small.tsx'

/** Lines drawn at first: a machine can have hundreds of workloads, most of them tiny. */
const FIRST_LINES = 15

interface Scales {
  readonly energy: ColumnScale
  readonly carbon: ColumnScale
  readonly cost: ColumnScale
  readonly cpu: ColumnScale
}

/** Usage by workload: one line each, with idle and unattributed as separate lines, and their exact sum. */
export function WorkloadTable({
  usage,
  colours,
}: {
  readonly usage: UsageAnswer
  readonly colours: ReadonlyMap<string, number>
}) {
  const [sort, setSort] = useState<Sort>({ column: 'energy', descending: true })
  const [search, setSearch] = useState('')
  const [all, setAll] = useState(false)
  const lines = useMemo(() => usage.rows.map(lineOf), [usage])
  const found = useMemo(() => sortLines(searchLines(lines, search), sort), [lines, search, sort])
  const sum = useMemo(() => sumLines(found), [found])
  const scales = useMemo(() => scalesFor(lines, usage.currency), [lines, usage.currency])
  const shown = all ? found : found.slice(0, FIRST_LINES)
  const whole = BigInt(usage.total.energy_uj)
  return (
    <section class="card table-card" aria-label="Workloads">
      <div class="card-head">
        <h2>Workloads</h2>
        <input
          type="search"
          placeholder="Search"
          aria-label="Search workloads by name, kind, namespace or account"
          value={search}
          onInput={event => setSearch(event.currentTarget.value)}
        />
      </div>
      <div class="scroll">
        <table>
          <Head sort={sort} onSort={setSort} scales={scales} />
          <tbody>
            {shown.map(line => (
              <Row
                key={line.key}
                line={line}
                whole={whole}
                scales={scales}
                colour={colourOf(line.share, line.colourKey, colours)}
              />
            ))}
          </tbody>
          <Foot
            sum={sum}
            count={found.length}
            scales={scales}
            whole={whole}
            filtered={search.trim() !== ''}
          />
        </table>
      </div>
      {usage.truncated && (
        <p class="note warn cut">
          Only the {lines.length} largest are listed; the tiles above hold all. Ask for the rest by{' '}
          <code>wattline sql</code>.
        </p>
      )}
      {found.length === 0 && <Empty title={`Nothing matches “${search}”`} />}
      {found.length > shown.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show {found.length - shown.length} more
        </button>
      )}
    </section>
  )
}

/** @param currency null: there are several, which the lines name */
function scalesFor(lines: readonly WorkloadLine[], currency: string | null): Scales {
  const sum = sumLines(lines)
  return {
    energy: columnScale(largest([sum.energyUj]), ENERGY),
    carbon: columnScale(largest([sum.carbonUg]), CARBON),
    cost: moneyColumn(largest([...sum.costs.values()]), currency ?? ''),
    cpu: columnScale(largest([sum.cpuUs]), CPU_TIME),
  }
}

const COLUMNS: readonly {
  readonly column: SortColumn
  readonly title: string
  readonly unit?: (scales: Scales) => string
}[] = [
  { column: 'name', title: 'Workload' },
  { column: 'account', title: 'Account' },
  { column: 'energy', title: 'Energy', unit: scales => scales.energy.unit },
  { column: 'carbon', title: 'Carbon', unit: scales => `${scales.carbon.unit} CO₂e` },
  { column: 'cost', title: 'Cost', unit: scales => currencySymbol(scales.cost.unit).trim() },
  { column: 'cpu', title: 'CPU time', unit: scales => scales.cpu.unit },
]

function Head(props: {
  readonly sort: Sort
  readonly onSort: (sort: Sort) => void
  readonly scales: Scales
}) {
  const { sort } = props
  return (
    <thead>
      <tr>
        {COLUMNS.map(({ column, title, unit }) => {
          const sorted = sort.column === column
          const order = sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'
          const text = column === 'name' || column === 'account'
          return (
            <th key={column} scope="col" class={`col-${column}`} aria-sort={order}>
              <button
                type="button"
                onClick={() => props.onSort({ column, descending: sorted ? !sort.descending : !text })}
              >
                {!text && <Arrow sorted={sorted} descending={sort.descending} />}
                {title}
                {unit !== undefined && <span class="unit">{unit(props.scales)}</span>}
                {text && <Arrow sorted={sorted} descending={sort.descending} />}
              </button>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

function Arrow(props: { readonly sorted: boolean; readonly descending: boolean }) {
  return (
    <span class="arrow" aria-hidden="true">
      {props.sorted ? (props.descending ? '↓' : '↑') : ''}
    </span>
  )
}

function Row(props: {
  readonly line: WorkloadLine
  readonly whole: bigint
  readonly scales: Scales
  readonly colour: string
}) {
  const { line, scales } = props
  const share = perMille(line.energyUj, props.whole)
  const detail = [line.kind, line.namespace].filter(part => part !== '').join(' · ')
  return (
    <tr class={`share-${line.share}`}>
      <th scope="row" class="col-name">
        <span class="label-line">
          <i
            class={`swatch swatch-${line.share}`}
            style={{ '--swatch': `var(${props.colour})` }}
            aria-hidden="true"
          />
          <span class="name" title={line.name}>
            {line.name}
          </span>
          <span class="detail" title={meaning(line.share)}>
            {detail || explain(line.share)}
          </span>
        </span>
      </th>
      <td class="col-account">{line.account}</td>
      <td class="col-energy">
        <meter class="visually-hidden" min={0} max={1000} value={share} aria-label="Share of the energy" />
        <i class="share" aria-hidden="true">
          <i style={{ width: `${share / 10}%` }} />
        </i>
        <span class="percent">{percentText(line.energyUj, share)}</span>
        <Exact amount={line.energyUj} scale={scales.energy} base="µJ" />
      </td>
      <td class="col-carbon">
        <Exact amount={line.carbonUg} scale={scales.carbon} base="µg CO₂e" missing="no factor" />
      </td>
      <td class="col-cost">
        <Cost amount={line.costNano} scale={scales.cost} currency={line.currency} />
      </td>
      <td class="col-cpu">
        {line.share === 'idle' ? '' : <Exact amount={line.cpuUs} scale={scales.cpu} base="µs" />}
      </td>
    </tr>
  )
}

function meaning(share: string): string | undefined {
  if (share === 'idle') return 'Used by idle capacity'
  if (share !== 'unattributed') return undefined
  return 'Used by the system itself, or by processes that ended between two readings'
}

/** A positive share is never shown as 0.0 %. */
const percentText = (amount: bigint, share: number): string =>
  share === 0 && amount > 0n ? '<0.1 %' : `${(share / 10).toFixed(1)} %`

function explain(share: string): string {
  if (share === 'idle') return 'unused capacity'
  if (share === 'unattributed') return 'system, short-lived'
  return share === 'skew' ? 'meters that disagree' : ''
}

function Exact(props: {
  readonly amount: bigint | null
  readonly scale: ColumnScale
  readonly base: string
  readonly missing?: string
}) {
  if (props.amount === null) return <span class="quiet">{props.missing ?? 'unknown'}</span>
  return (
    <data value={props.amount.toString()} title={`${formatInteger(props.amount)} ${props.base}`}>
      {formatAt(props.amount, props.scale)}
    </data>
  )
}

/** With its currency, where there are several. */
function Cost(props: {
  readonly amount: bigint | null
  readonly scale: ColumnScale
  readonly currency: string
}) {
  const { amount, scale, currency } = props
  return (
    <>
      <Exact
        amount={amount}
        scale={scale}
        base={`× 10⁻⁹ ${currency === '' ? scale.unit : currency}`}
        missing="no price"
      />
      {amount !== null && currency !== '' && <span class="unit"> {currency}</span>}
    </>
  )
}

function Foot(props: {
  readonly sum: Sum
  readonly count: number
  readonly scales: Scales
  readonly whole: bigint
  readonly filtered: boolean
}) {
  const { sum, scales } = props
  return (
    <tfoot>
      <tr>
        <th scope="row" class="col-name">
          {props.filtered ? `Sum of ${props.count} found` : `Sum of ${props.count} lines`}
        </th>
        <td class="col-account" />
        <td class="col-energy">
          <i class="share" aria-hidden="true" />
          <span class="percent">{percentText(sum.energyUj, perMille(sum.energyUj, props.whole))}</span>
          <Exact amount={sum.energyUj} scale={scales.energy} base="µJ" />
        </td>
        <td class="col-carbon">
          <Exact amount={sum.carbonUg} scale={scales.carbon} base="µg CO₂e" missing="no factor" />
        </td>
        <td class="col-cost">
          {sum.costs.size === 0 && <Cost amount={null} scale={scales.cost} currency="" />}
          {[...sum.costs].map(([currency, amount]) => (
            <div key={currency}>
              <Cost amount={amount} scale={scales.cost} currency={currency} />
            </div>
          ))}
        </td>
        <td class="col-cpu">
          <Exact amount={sum.cpuUs} scale={scales.cpu} base="µs" />
        </td>
      </tr>
    </tfoot>
  )
}

import type { ComponentChildren } from 'preact'
import type { UsageAnswer, UsageRow } from '../../../../core/api/answers.ts'
import { CARBON, CPU_TIME, ENERGY, type Scale } from '../../../../core/model/amounts.ts'
import { formatMoney } from '../../lib/money.ts'
import { addNullable } from '../../lib/rows.ts'
import { formatInteger, formatQuantity, formatShare, splitPerMille } from '../../lib/units.ts'
import { SplitBar } from '../../parts/small.tsx'

/** Energy, carbon and cost with their quality, for the chosen window. */
export function Tiles({ usage }: { readonly usage: UsageAnswer }) {
  const { total } = usage
  return (
    <div class="tiles">
      <EnergyTile total={total} />
      <CarbonTile total={total} />
      <MoneyTile usage={usage} />
      <QualityTile total={total} />
    </div>
  )
}

function Tile(props: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <section class="card tile" aria-label={props.name}>
      <h3 class="label">{props.name}</h3>
      {props.children}
    </section>
  )
}

/** An exact amount as machine-readable value of the rounded text. */
function Amount(props: {
  readonly amount: bigint
  readonly scales: readonly Scale[]
  readonly base: string
  readonly suffix?: string
}) {
  const { value, unit } = formatQuantity(props.amount, props.scales)
  return (
    <data value={props.amount.toString()} title={`${formatInteger(props.amount)} ${props.base}`}>
      {value}
      <span class="unit">
        {unit}
        {props.suffix}
      </span>
    </data>
  )
}

function EnergyTile({ total }: { readonly total: UsageRow }) {
  const energy = BigInt(total.energy_uj)
  const parts = [
    { name: 'active', text: 'workloads', amount: BigInt(total.active_uj) },
    { name: 'unattributed', text: 'unattributed', amount: BigInt(total.unattributed_uj) },
    { name: 'idle', text: 'idle', amount: BigInt(total.idle_uj) },
  ]
  const perMilles = splitPerMille(parts.map(part => part.amount))
  const shares = parts.map((part, index) => ({ ...part, share: perMilles[index]! / 1_000 }))
  const summary = shares.map(part => `${(part.share * 100).toFixed(1)}\u00a0% ${part.text}`).join(', ')
  return (
    <Tile name="Energy">
      <p class="figure">
        <Amount amount={energy} scales={ENERGY} base="µJ" />
      </p>
      <SplitBar label={summary} parts={shares} />
      <p class="note">{summary}</p>
      <p class="note">
        CPU time <Amount amount={BigInt(total.cpu_us)} scales={CPU_TIME} base="µs" />
      </p>
      <GpuTime total={total} />
    </Tile>
  )
}

/** Only where there are GPUs. */
function GpuTime({ total }: { readonly total: UsageRow }) {
  const [used, unused] = [BigInt(total.gpu_us), BigInt(total.gpu_reserved_idle_us)]
  if (used === 0n && unused === 0n) return null
  return (
    <p class="note">
      GPU time <Amount amount={used} scales={CPU_TIME} base="µs" />, reserved but unused{' '}
      <Amount amount={unused} scales={CPU_TIME} base="µs" />
    </p>
  )
}

function CarbonTile({ total }: { readonly total: UsageRow }) {
  const sum = addNullable(total.carbon_operational_ug, total.carbon_embodied_ug)
  return (
    <Tile name="Carbon">
      {sum === null ? (
        <p class="figure quiet">no factor</p>
      ) : (
        <p class="figure">
          <Amount amount={sum} scales={CARBON} base="µg CO₂e" suffix=" CO₂e" />
        </p>
      )}
      <p class="note">
        Operational <Nullable amount={total.carbon_operational_ug} missing="unknown" />
      </p>
      <p class="note">
        Embodied <Nullable amount={total.carbon_embodied_ug} missing="unknown" />
        {total.carbon_embodied_ug === null && (
          <>
            : set <code>factors.embodied_kg</code>
          </>
        )}
      </p>
      <Unpriced
        energyUj={total.unpriced.carbon_uj}
        without="without an intensity"
        reasons={total.unpriced.reasons}
      />
    </Tile>
  )
}

function Nullable(props: { readonly amount: string | null; readonly missing: string }) {
  if (props.amount === null) return <b class="quiet">{props.missing}</b>
  return <Amount amount={BigInt(props.amount)} scales={CARBON} base="µg CO₂e" />
}

function CurrencyCost({ cost }: { readonly cost: UsageAnswer['costs'][number] }) {
  const { currency, cost_energy_nano: energy, cost_resource_nano: resources } = cost
  const sum = addNullable(energy, resources) ?? 0n
  const money = (amount: string | null, missing: string): ComponentChildren =>
    amount === null ? <b class="quiet">{missing}</b> : <b>{formatMoney(BigInt(amount), currency)}</b>
  return (
    <>
      <p class="figure">
        <data value={sum.toString()} title={`${formatInteger(sum)} × 10⁻⁹ ${currency}`}>
          {formatMoney(sum, currency)}
        </data>
      </p>
      <p class="note">Energy {money(energy, 'no price set')}</p>
      <p class="note">Resources {money(resources, 'no price set')}</p>
    </>
  )
}

/** One figure for each currency: amounts of different currencies are never added up. */
function MoneyTile({ usage: { total, costs } }: { readonly usage: UsageAnswer }) {
  if (costs.length === 0) {
    return (
      <Tile name="Cost">
        <p class="figure quiet">no price set</p>
        <p class="note">
          Set <code>tariffs.price_per_kwh</code> in <code>wattline.yaml</code>; energy without a price is
          listed, not counted as free.
        </p>
      </Tile>
    )
  }
  return (
    <Tile name="Cost">
      {costs.map(cost => (
        <CurrencyCost key={cost.currency} cost={cost} />
      ))}
      <Unpriced
        energyUj={total.unpriced.cost_uj}
        without="without a price"
        reasons={total.unpriced.reasons}
      />
      {total.unpriced.resource_entries !== '0' && (
        <p class="note warn">plus use of resources that are priced in another currency</p>
      )}
    </Tile>
  )
}

/** Energy that a total leaves out because it has no factor: stated explicitly, since it is not zero. */
function Unpriced(props: {
  readonly energyUj: string
  readonly without: string
  readonly reasons: readonly string[]
}) {
  const energy = BigInt(props.energyUj)
  if (energy === 0n) return null
  return (
    <p class="note warn">
      plus <Amount amount={energy} scales={ENERGY} base="µJ" /> {props.without}
      {props.reasons.length > 0 && ` (${props.reasons.join(', ')})`}
    </p>
  )
}

function QualityTile({ total }: { readonly total: UsageRow }) {
  const { measured, interpolated, estimated, simulated } = total.quality
  const parts = [
    { name: 'measured', share: measured },
    { name: 'interpolated', share: interpolated },
    { name: 'estimated', share: estimated },
    { name: 'simulated', share: simulated },
  ]
  const summary = parts
    .filter(part => part.share > 0)
    .map(part => `${formatShare(part.share)} ${part.name}`)
    .join(', ')
  return (
    <Tile name="Quality">
      <p class="figure">
        {formatShare(total.coverage)}
        <span class="unit">covered</span>
      </p>
      <SplitBar label={summary} parts={parts} />
      <p class="note">{summary || 'no energy'}</p>
      <p class="note">Coverage: how much of each minute meters saw</p>
      <ErrorBand total={total} />
    </Tile>
  )
}

/** How far off the energy may be, and how much of it has no known band. */
function ErrorBand({ total }: { readonly total: UsageRow }) {
  const unknown = BigInt(total.unknown_error_uj)
  const known = BigInt(total.energy_uj) - unknown
  const error = total.energy_error_uj === null ? null : BigInt(total.energy_error_uj)
  return (
    <>
      {error !== null && known > 0n && (
        <p class="note" title="Half width of the error band of the meters: an upper bound">
          Energy ±<Amount amount={error} scales={ENERGY} base="µJ" /> (
          {formatShare(Number(error) / Number(known))})
        </p>
      )}
      {unknown > 0n && (
        <p class="note">
          <Amount amount={unknown} scales={ENERGY} base="µJ" /> without a known error band
        </p>
      )}
    </>
  )
}

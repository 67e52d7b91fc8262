import type { LiveAnswer } from '../../../../core/api/answers.ts'
import { POWER } from '../../../../core/model/amounts.ts'
import { type Layer, newestIndex, totalAt } from '../../lib/live.ts'
import { agoText, carbonPerHour, elapsedText, errorBandText, moneyPerHour } from '../../lib/now.ts'
import { formatQuantity } from '../../lib/units.ts'
import { Badge } from '../../parts/small.tsx'

/** After this long without a reading, the number is marked as old. */
const STALE_MS = 60_000
/** A twelfth of a year of 365.25 days. */
const HOURS_A_MONTH = 730.5
const AT_THIS_RATE = 'At the current power for a month'

/** Current power of the machine, and what an hour of it emits and costs. */
export function Now(props: { readonly live: LiveAnswer; readonly layers: readonly Layer[] }) {
  const { live, layers } = props
  const index = newestIndex(layers, live.times_ms.length)
  const milliwatts = index < 0 ? null : totalAt(layers, index)
  const power = milliwatts === null ? null : formatQuantity(BigInt(milliwatts), POWER)
  const age = index < 0 ? 0 : Date.now() - live.times_ms[index]!
  return (
    <div class="now">
      <div class="now-main">
        <p class="label">Drawing now</p>
        <p class="big" data-now-milliwatts={milliwatts ?? ''}>
          {power === null ? '–' : power.value}
          <span class="unit">{power?.unit ?? 'W'}</span>
        </p>
        <p class="badges">
          <EnergyBadge live={live} />
          <ClockBadge offsetMs={live.clock_offset_ms} />
          {age > STALE_MS && (
            <Badge tone="bad">last reading {agoText(live.times_ms[index]!, Date.now())}</Badge>
          )}
        </p>
      </div>
      <CarbonNow live={live} milliwatts={milliwatts} />
      <MoneyNow live={live} milliwatts={milliwatts} />
    </div>
  )
}

function EnergyBadge({ live }: { readonly live: LiveAnswer }) {
  const boundary = live.boundary === 'host' ? 'whole machine' : 'CPU and memory only'
  const boundaryTitle =
    live.boundary === 'host'
      ? 'The meter covers the whole machine.'
      : 'Disks, network cards, fans and power supply losses are not in this number.'
  if (live.energy_quality === 'none') return <Badge tone="bad">no energy readings</Badge>
  return (
    <>
      <Badge tone={live.energy_quality} title={`Source: ${live.energy_source}`}>
        {live.energy_quality} {errorBandText(live.error_band)}
      </Badge>
      <Badge tone="plain" title={boundaryTitle}>
        {boundary}
      </Badge>
    </>
  )
}

function ClockBadge({ offsetMs }: { readonly offsetMs: number | null }) {
  if (offsetMs === null) return null
  const text = `clock ${elapsedText(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`
  const title =
    offsetMs > 0
      ? 'Readings of this host are dated ahead of their arrival: set its clock. They are metered when that time is reached.'
      : 'Readings of this host are always dated this long before they arrive: set its clock, or find out what delays them.'
  return (
    <Badge tone="bad" title={title}>
      {text}
    </Badge>
  )
}

interface RateProps {
  readonly live: LiveAnswer
  readonly milliwatts: number | null
}

function CarbonNow({ live, milliwatts }: RateProps) {
  const rate = carbonPerHour(milliwatts ?? 0, live.intensity_g_per_kwh, live.pue)
  const perMonth = carbonPerHour((milliwatts ?? 0) * HOURS_A_MONTH, live.intensity_g_per_kwh, live.pue)
  const month = perMonth === null || milliwatts === null ? '–' : `${perMonth.value} ${perMonth.unit}`
  return (
    <div class="rate">
      <p class="label">Emitting</p>
      {rate === null ? (
        <p class="note">
          No grid intensity for zone {live.zone}: set <code>factors.zone</code>.
        </p>
      ) : (
        <>
          <p class="middle">
            {milliwatts === null ? '–' : rate.value}
            <span class="unit">{rate.unit} CO₂e/h</span>
          </p>
          <p class="note" title={AT_THIS_RATE}>
            {month} a month
          </p>
          <p class="note" title={live.intensity_source}>
            {live.zone === 'WORLD' ? 'World' : live.zone} {live.intensity_kind}{' '}
            {Number(live.intensity_g_per_kwh).toFixed(0)} g/kWh
            {Number(live.pue) !== 1 && <>, PUE {live.pue}</>}
            {live.zone === 'WORLD' && (
              <>
                ; set <code>factors.zone</code>
              </>
            )}
          </p>
        </>
      )}
    </div>
  )
}

function MoneyNow({ live, milliwatts }: RateProps) {
  const rate = moneyPerHour(milliwatts ?? 0, live.price_per_kwh, live.pue, live.currency)
  const month = moneyPerHour((milliwatts ?? 0) * HOURS_A_MONTH, live.price_per_kwh, live.pue, live.currency)
  return (
    <div class="rate">
      <p class="label">Costing</p>
      {rate === null ? (
        <>
          <p class="middle quiet">no price set</p>
          <p class="note">
            Set <code>tariffs.price_per_kwh</code> in <code>wattline.yaml</code>.
          </p>
        </>
      ) : (
        <>
          <p class="middle">
            {milliwatts === null ? '–' : rate}
            <span class="unit">/h</span>
          </p>
          <p class="note" title={AT_THIS_RATE}>
            {milliwatts === null ? '–' : month} a month
          </p>
          <p class="note">
            {live.price_per_kwh} {live.currency}/kWh
          </p>
        </>
      )}
    </div>
  )
}

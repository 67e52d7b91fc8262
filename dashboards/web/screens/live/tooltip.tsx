import { columnScale, POWER } from '../../../../core/model/amounts.ts'
import { type Layer, totalAt } from '../../lib/live.ts'
import { clockText } from '../../lib/now.ts'
import { formatAt } from '../../lib/units.ts'

const WIDTH_PX = 232

/** The interval under the cursor: its total and every layer with power, largest first. */
export function Tooltip(props: {
  readonly timesMs: readonly number[]
  readonly layers: readonly Layer[]
  readonly colours: readonly string[]
  readonly index: number
  readonly left: number
  readonly width: number
}) {
  const { timesMs, layers, colours, index, left, width } = props
  const total = totalAt(layers, index)
  const beside = left + 16 + WIDTH_PX > width ? left - 16 - WIDTH_PX : left + 16
  const scale = columnScale(BigInt(total ?? 0), POWER)
  const watts = (milliwatts: number): string => `${formatAt(BigInt(milliwatts), scale)} ${scale.unit}`
  const rows = layers
    .map((layer, at) => ({ layer, colour: colours[at]!, milliwatts: layer.milliwatts[index] ?? 0 }))
    .filter(row => row.milliwatts > 0)
    .toSorted((a, b) => b.milliwatts - a.milliwatts)
  return (
    <div
      class="tooltip"
      style={{ left: `${Math.max(0, beside)}px`, width: `${WIDTH_PX}px` }}
      aria-hidden="true"
    >
      <p class="tooltip-head">
        <span>{clockText(timesMs[index]!)}</span>
        <b>{total === null ? 'no readings' : watts(total)}</b>
      </p>
      {rows.map(({ layer, colour, milliwatts }) => (
        <p key={layer.key} class="tooltip-row">
          <i class={`swatch swatch-${layer.share}`} style={{ '--swatch': `var(${colour})` }} />
          <span>{layer.name}</span>
          <b>{watts(milliwatts)}</b>
        </p>
      ))}
    </div>
  )
}

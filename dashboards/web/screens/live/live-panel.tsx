import { useMemo, useState } from 'preact/hooks'
import type { LiveAnswer } from '../../../../core/api/answers.ts'
import { columnScale, POWER } from '../../../../core/model/amounts.ts'
import type { Layers } from '../../hooks/use-layers.ts'
import type { Polled } from '../../hooks/use-poll.ts'
import { colourOf } from '../../lib/colours.ts'
import { type Layer, newestIndex, totalAt } from '../../lib/live.ts'
import { LIVE_MINUTES, type LiveMinutes } from '../../lib/spans.ts'
import { formatAt } from '../../lib/units.ts'
import { Empty, Failed, Segmented } from '../../parts/small.tsx'
import { LiveChart } from './live-chart.tsx'
import { Now } from './now.tsx'

/** Current power of the machine: the total, and a chart by workload. */
export function LivePanel(props: {
  readonly live: Polled<LiveAnswer>
  readonly shown: Layers
  readonly minutes: LiveMinutes
  readonly onMinutes: (minutes: LiveMinutes) => void
  readonly theme: string
}) {
  const { data } = props.live
  return (
    <section class="card live" aria-label="Power now" aria-busy={data === null || props.live.stale}>
      {data === null || data.times_ms.length === 0 ? (
        <NoReadings live={props.live} />
      ) : (
        <Running {...props} data={data} />
      )}
    </section>
  )
}

function NoReadings({ live }: { readonly live: Polled<LiveAnswer> }) {
  if (live.data === null && live.error === null) return <Empty title="Reading the meters…" />
  if (live.data === null && live.error !== null) {
    return <Failed error={live.error} />
  }
  return (
    <Empty title="No power readings yet">
      <p>
        The sensors need two rounds, about 10 s after start. If nothing comes, look at <code>sensors</code> in{' '}
        <code>wattline.yaml</code>: each sensor says in the log what it could not read.
      </p>
    </Empty>
  )
}

function Running(props: {
  readonly data: LiveAnswer
  readonly shown: Layers
  readonly minutes: LiveMinutes
  readonly onMinutes: (minutes: LiveMinutes) => void
  readonly theme: string
}) {
  const { data, minutes, theme } = props
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const { layers, colours } = props.shown
  const visible = useMemo(() => layers.filter(layer => !hidden.has(layer.key)), [layers, hidden])
  const toggle = (key: string): void => {
    const next = new Set(hidden)
    if (!next.delete(key)) next.add(key)
    setHidden(next)
  }
  return (
    <>
      <div class="live-head">
        <Now live={data} layers={layers} />
        <Segmented
          label="Length of the chart"
          name="minutes"
          choices={LIVE_MINUTES}
          value={minutes}
          onChoose={props.onMinutes}
        />
      </div>
      <LiveChart
        timesMs={data.times_ms}
        layers={visible}
        colours={visible.map(layer => colourVariable(layer, colours))}
        minutes={Number(minutes)}
        theme={theme}
      />
      <Legend layers={layers} colours={colours} hidden={hidden} onToggle={toggle} data={data} />
    </>
  )
}

const colourVariable = (layer: Layer, colours: ReadonlyMap<string, number>): string =>
  colourOf(layer.share, layer.key, colours)

/** Each layer with its current power; a click hides it or shows it again. */
function Legend(props: {
  readonly layers: readonly Layer[]
  readonly colours: ReadonlyMap<string, number>
  readonly hidden: ReadonlySet<string>
  readonly onToggle: (key: string) => void
  readonly data: LiveAnswer
}) {
  const index = newestIndex(props.layers, props.data.times_ms.length)
  const scale = columnScale(BigInt(totalAt(props.layers, index) ?? 0), POWER)
  return (
    <ul class="legend" aria-label="Parts of the chart">
      {props.layers.map(layer => {
        const cores = layer.cpusUsed[index]
        const used = typeof cores === 'number' ? `, ${cores.toFixed(2)} of ${props.data.cpus} CPUs` : ''
        const milliwatts = layer.milliwatts[index] ?? 0
        return (
          <li key={layer.key}>
            <button
              type="button"
              aria-pressed={!props.hidden.has(layer.key)}
              title={`${layer.name}${layer.detail === '' ? '' : ` (${layer.detail})`}${used}`}
              onClick={() => props.onToggle(layer.key)}
            >
              <i
                class={`swatch swatch-${layer.share}`}
                style={{ '--swatch': `var(${colourVariable(layer, props.colours)})` }}
              />
              <span>{layer.name}</span>
              <b class={milliwatts === 0 ? 'nothing' : undefined}>
                {formatAt(BigInt(milliwatts), scale)} {scale.unit}
              </b>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

import type { UsageAnswer } from '../../../../core/api/answers.ts'
import type { Polled } from '../../hooks/use-poll.ts'
import { USAGE_WINDOWS, type UsageWindow } from '../../lib/spans.ts'
import { Empty, Failed, Segmented } from '../../parts/small.tsx'
import { Tiles } from './tiles.tsx'
import { WorkloadTable } from './workload-table.tsx'

/** The books for the chosen window: sums as tiles, then one line per workload. */
export function UsagePanel(props: {
  readonly usage: Polled<UsageAnswer>
  readonly window: UsageWindow
  readonly onWindow: (window: UsageWindow) => void
  /** Colours of the chart's workloads. */
  readonly colours: ReadonlyMap<string, number>
}) {
  const { usage, window } = props
  const long = USAGE_WINDOWS.find(choice => choice.value === window)?.long ?? window
  return (
    <section
      class="usage"
      aria-label="Energy, carbon and cost"
      aria-busy={usage.data === null || usage.stale}
    >
      <div class="usage-head">
        <h2>
          Energy, carbon and cost <span class="quiet">{long}</span>
        </h2>
        <Segmented
          label="Span of time"
          name="window"
          choices={USAGE_WINDOWS}
          value={window}
          onChoose={props.onWindow}
        />
      </div>
      <Body usage={usage} colours={props.colours} />
    </section>
  )
}

function Body({
  usage,
  colours,
}: {
  readonly usage: Polled<UsageAnswer>
  readonly colours: ReadonlyMap<string, number>
}) {
  const { data, error } = usage
  if (data === null) {
    if (error === null) return <Empty title="Adding up…" />
    return (
      <div class="card">
        <Failed error={error} />
      </div>
    )
  }
  if (data.rows.length === 0) {
    return (
      <div class="card">
        <Empty title="The books are empty for this time window">
          <p>
            The first minute closes about 90 s after start, and shows here by itself; from then on each minute
            about 30 s after it has ended.
          </p>
        </Empty>
      </div>
    )
  }
  return (
    <>
      <Tiles usage={data} />
      <WorkloadTable usage={data} colours={colours} />
    </>
  )
}

import type { LiveAnswer, UsageAnswer } from '../../../core/api/answers.ts'
import { useLayers } from '../hooks/use-layers.ts'
import type { Polled } from '../hooks/use-poll.ts'
import type { LiveMinutes, UsageWindow } from '../lib/spans.ts'
import { Guard } from '../parts/guard.tsx'
import { LivePanel } from './live/live-panel.tsx'
import { UsagePanel } from './usage/usage-panel.tsx'

/**
 * A machine now and over time. Both halves use the same colour for a workload, so that the table serves as the chart's
 * legend.
 */
export function MachineScreen(props: {
  readonly live: Polled<LiveAnswer>
  readonly usage: Polled<UsageAnswer>
  readonly minutes: LiveMinutes
  readonly onMinutes: (minutes: LiveMinutes) => void
  readonly window: UsageWindow
  readonly onWindow: (window: UsageWindow) => void
  readonly theme: string
}) {
  const shown = useLayers(props.live.data)
  return (
    <>
      <Guard>
        <LivePanel
          live={props.live}
          shown={shown}
          minutes={props.minutes}
          onMinutes={props.onMinutes}
          theme={props.theme}
        />
      </Guard>
      <Guard>
        <UsagePanel
          usage={props.usage}
          window={props.window}
          onWindow={props.onWindow}
          colours={shown.colours}
        />
      </Guard>
    </>
  )
}

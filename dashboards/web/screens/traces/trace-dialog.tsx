import { useEffect, useMemo, useState } from 'preact/hooks'
import type { TraceAnswer } from '../../../../core/api/answers.ts'
import { ApiError, getJson, tracePath } from '../../lib/api.ts'
import { PALETTE_SIZE } from '../../lib/colours.ts'
import { formatDuration } from '../../lib/units.ts'
import { type Bar, waterfall } from '../../lib/waterfall.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Badge, Empty, Failed } from '../../parts/small.tsx'
import { joulesText, TraceEnergyNote, unknownText } from './trace-energy.tsx'

/** Deeper levels are not indented further, so that names stay readable. */
const MOST_INDENT = 8
/** Positions of the axis labels. */
const AXIS = [0, 0.25, 0.5, 0.75, 1] as const

/** One trace as a waterfall. */
export function TraceDialog(props: { readonly traceId: string; readonly onClose: () => void }) {
  const { trace, error } = useTrace(props.traceId)
  return (
    <Dialog
      label="Spans of the trace"
      title={
        <>
          <Title trace={trace} />
          <code class="trace-id">{props.traceId}</code>
        </>
      }
      onClose={props.onClose}
    >
      {error !== null && <Failed error={error} />}
      {error === null && trace === null && <Empty title="Fetching the spans…" />}
      {trace !== null && <Bars trace={trace} />}
    </Dialog>
  )
}

function Title({ trace }: { readonly trace: TraceAnswer | null }) {
  const root = useMemo(() => (trace === null ? undefined : waterfall(trace.spans, 1).bars[0]?.span), [trace])
  return <span class="trace-title">{root?.name || 'Trace'}</span>
}

function useTrace(traceId: string): { readonly trace: TraceAnswer | null; readonly error: ApiError | null } {
  const [trace, setTrace] = useState<TraceAnswer | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  useEffect(() => {
    const controller = new AbortController()
    getJson<TraceAnswer>(tracePath(traceId), controller.signal).then(setTrace, (problem: unknown) => {
      if (controller.signal.aborted) return
      setError(problem instanceof ApiError ? problem : new ApiError(String(problem), false, ''))
    })
    return () => controller.abort()
  }, [traceId])
  return { trace, error }
}

function Bars({ trace }: { readonly trace: TraceAnswer }) {
  const { bars, durationMs, left } = useMemo(() => waterfall(trace.spans), [trace])
  const [open, setOpen] = useState<string | null>(null)
  if (bars.length === 0) {
    return <Empty title="The spans of this trace are gone: they are older than the retention." />
  }
  // In the order in which they occur in the trace.
  const services = [...new Set(bars.map(bar => bar.span.service))]
  return (
    <>
      <p class="note trace-summary">
        <span>
          <b>{formatDuration(durationMs)}</b>, {trace.spans.length}{' '}
          {trace.spans.length === 1 ? 'span' : 'spans'}
        </span>
        {services.map((service, index) => (
          <span key={service} class="trace-service">
            <i class="swatch" style={{ '--swatch': `var(--c${index % PALETTE_SIZE})` }} aria-hidden="true" />
            {service || 'no service name'}
          </span>
        ))}
      </p>
      {trace.energy !== null && <TraceEnergyNote energy={trace.energy} spans={trace.spans.length} />}
      <div class="waterfall-axis" aria-hidden="true">
        <p>
          {AXIS.map(share => (
            <span key={share} style={{ left: `${share * 100}%` }}>
              {share === 0 ? '0' : formatDuration(durationMs * share)}
            </span>
          ))}
        </p>
      </div>
      <ol class="waterfall">
        {bars.map(bar => (
          <SpanBar
            key={bar.span.span_id}
            bar={bar}
            energyUj={trace.energy?.spans_uj[bar.span.span_id]}
            unknown={trace.energy?.unknown[bar.span.span_id]}
            startMs={bar.offset * durationMs}
            colour={services.indexOf(bar.span.service) % PALETTE_SIZE}
            open={open === bar.span.span_id}
            onToggle={() => setOpen(open === bar.span.span_id ? null : bar.span.span_id)}
          />
        ))}
      </ol>
      {left > 0 && <p class="note warn">{left} more spans are not drawn; query them with SQL.</p>}
    </>
  )
}

function SpanBar(props: {
  readonly bar: Bar
  /** Absent: not known. */
  readonly energyUj: string | undefined
  /** Why it is not known. */
  readonly unknown: string | undefined
  readonly startMs: number
  readonly colour: number
  readonly open: boolean
  readonly onToggle: () => void
}) {
  const { span, depth, offset, width } = props.bar
  const failed = /error/i.test(span.status)
  const place = {
    'margin-left': `${Math.min(99.5, offset * 100)}%`,
    width: `${Math.max(0.5, Math.min(width, 1 - offset) * 100)}%`,
    '--swatch': `var(--c${props.colour})`,
  }
  return (
    <li>
      <button type="button" aria-expanded={props.open} onClick={props.onToggle}>
        <span class="span-name" style={{ 'padding-left': `${Math.min(depth, MOST_INDENT) * 0.75}rem` }}>
          <span title={span.name}>{span.name}</span>
          <span class="detail">{span.service}</span>
          {failed && (
            <Badge tone="bad" title={span.status_message}>
              error
            </Badge>
          )}
        </span>
        <span class="span-track">
          <i class={failed ? 'span-bar failed' : 'span-bar'} style={place} />
        </span>
        <span class="duration">{formatDuration(Number(span.duration_nano) / 1e6)}</span>
      </button>
      {props.open && (
        <dl class="attributes">
          {span.status_message !== '' && <Fact name="status" value={span.status_message} failed={failed} />}
          <Fact name="service" value={span.service} />
          <Fact name="kind" value={span.kind} />
          {props.energyUj !== undefined && <Fact name="energy" value={joulesText(props.energyUj)} />}
          {props.energyUj === undefined && props.unknown !== undefined && (
            <Fact name="energy" value={`unknown: ${unknownText(props.unknown)}`} />
          )}
          <Fact name="starts" value={`${formatDuration(props.startMs)} in`} />
          <Fact name="span id" value={span.span_id} />
          {Object.entries(span.attributes).map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
      )}
    </li>
  )
}

function Fact({
  name,
  value,
  failed = false,
}: {
  readonly name: string
  readonly value: string
  readonly failed?: boolean
}) {
  return (
    <div class={failed ? 'failed' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

import { useState } from 'preact/hooks'
import type { RecentTracesAnswer } from '../../../../core/api/answers.ts'
import type { Polled } from '../../hooks/use-poll.ts'
import { agoText, clockText } from '../../lib/now.ts'
import { heldToken } from '../../lib/session.ts'
import { formatDuration } from '../../lib/units.ts'
import { Badge, Empty, Failed } from '../../parts/small.tsx'
import { TraceDialog } from './trace-dialog.tsx'

/** The newest traces; each opens as a waterfall of its spans. */
export function Traces({
  traces,
  otlpHttp,
}: {
  readonly traces: Polled<RecentTracesAnswer>
  /** Address for spans; null: none; undefined: not known yet. */
  readonly otlpHttp: string | null | undefined
}) {
  const [open, setOpen] = useState<string | null>(null)
  const list = traces.data?.traces ?? []
  const longest = Math.max(1e-6, ...list.map(trace => trace.duration_ms))
  return (
    <section class="card traces" aria-label="Recent traces" aria-busy={traces.data === null}>
      <div class="card-head">
        <h2>Recent traces</h2>
      </div>
      {list.length === 0 ? (
        <NoTraces traces={traces} otlpHttp={otlpHttp} />
      ) : (
        <ul class="trace-list">
          {list.map(trace => (
            <li key={trace.trace_id}>
              <button type="button" onClick={() => setOpen(trace.trace_id)} aria-haspopup="dialog">
                <span class="trace-name">
                  <b>{trace.root_name || 'unnamed'}</b>
                  <span class="detail">{trace.root_service || 'no service name'}</span>
                </span>
                <span class="trace-facts">
                  {trace.errors > 0 && (
                    <Badge tone="bad">
                      {trace.errors} {trace.errors === 1 ? 'error' : 'errors'}
                    </Badge>
                  )}
                  <span class="detail trace-spans">
                    {trace.spans} {trace.spans === 1 ? 'span' : 'spans'}
                  </span>
                  <time
                    class="detail trace-ago"
                    dateTime={trace.start}
                    title={clockText(Date.parse(trace.start))}
                  >
                    {agoText(Date.parse(trace.start), Date.now())}
                  </time>
                </span>
                <span class="trace-time">
                  <i class="share" aria-hidden="true">
                    <i style={{ width: `${Math.max(1, (trace.duration_ms / longest) * 100)}%` }} />
                  </i>
                  <span class="duration">{formatDuration(trace.duration_ms)}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {open !== null && <TraceDialog traceId={open} onClose={() => setOpen(null)} />}
    </section>
  )
}

function NoTraces({
  traces,
  otlpHttp,
}: {
  readonly traces: Polled<RecentTracesAnswer>
  readonly otlpHttp: string | null | undefined
}) {
  if (traces.data === null) {
    return traces.error === null ? <Empty title="Looking for traces…" /> : <Failed error={traces.error} />
  }
  if (otlpHttp === null) {
    return (
      <Empty title="No traces yet">
        <p>
          This process takes no spans: set <code>listen.otlp_http</code> in <code>wattline.yaml</code>.
        </p>
      </Empty>
    )
  }
  return (
    <Empty title="No traces yet">
      <p>Point any OpenTelemetry SDK here; its spans show a second later:</p>
      <pre>
        {[
          `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint(otlpHttp)}`,
          'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
          // If reading needs a token, sending needs one too, and usually a different one.
          ...(heldToken() === ''
            ? []
            : ['OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer <token with scope ingest>']),
        ].join('\n')}
      </pre>
    </Empty>
  )
}

/** The port is the receiver's; the host is the one in the page's URL, since the receiver may listen on any. */
function endpoint(otlpHttp: string | undefined): string {
  const { protocol, port } = new URL(otlpHttp ?? 'http://localhost:4318')
  return `${protocol}//${location.hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

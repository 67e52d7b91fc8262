/**
 * Which spans carry the tokens of GenAI calls. Each token counts once, with the span that is closest to the model:
 *
 * - A span with usage below which another span has usage repeats what that one says (an agent over its calls, a client over
 *   the server that it asked), and carries nothing.
 * - A client's span with usage, below which no other has any, passes its tokens to the first server's span below it: the
 *   model runs there. Without one the model is remote, and what it used is not known here.
 * - Any other span with usage carries its tokens itself: the model runs in its process.
 */

/** A span of a trace in which some span has usage. */
export interface TokenSpan {
  readonly Tenant: string
  readonly TraceId: string
  readonly SpanId: string
  readonly ParentSpanId: string
  readonly SpanKind: string
  /** ns since the epoch. */
  readonly Start: string
  readonly HasUsage: boolean
  readonly Model: string
  readonly Input: string
  readonly Output: string
}

/** A span to whose row tokens are added. */
export interface TokenCarrier {
  readonly Tenant: string
  readonly TraceId: string
  readonly SpanId: string
  readonly SpanKind: string
  /** ns since the epoch. */
  readonly Start: string
  readonly Model: string
  /** served: by the carrier's workload; remote: somewhere without spans. */
  readonly ModelPlace: 'served' | 'remote'
  readonly Input: string
  readonly Output: string
}

/** Carriers of the tokens of some traces, with a sum for each span that carries those of several. */
export function tokenCarriers(spans: readonly TokenSpan[]): readonly TokenCarrier[] {
  const byTrace = Map.groupBy(spans, ({ Tenant, TraceId }) => JSON.stringify([Tenant, TraceId]))
  return [...byTrace.values()].flatMap(carriersOfTrace)
}

function carriersOfTrace(spans: readonly TokenSpan[]): readonly TokenCarrier[] {
  const byId = new Map(spans.map(span => [span.SpanId, span]))
  const children = Map.groupBy(spans, ({ ParentSpanId }) => ParentSpanId)
  const usages = [
    ...new Map(spans.filter(({ HasUsage }) => HasUsage).map(span => [identityOf(span), span])).values(),
  ]
  const repeated = aboveOthers(usages, byId)
  const carried = new Map<string, TokenCarrier>()
  for (const usage of usages) {
    if (repeated.has(usage.SpanId)) continue
    const server = usage.SpanKind === 'Client' ? firstServer(usage, children) : usage
    const carrier = server ?? usage
    const { Tenant, TraceId, SpanId, SpanKind, Start } = carrier
    const known = carried.get(identityOf(carrier))
    carried.set(identityOf(carrier), {
      Tenant,
      TraceId,
      SpanId,
      SpanKind,
      Start,
      Model: known?.Model || usage.Model,
      ModelPlace: server === null ? 'remote' : 'served',
      Input: `${BigInt(usage.Input) + BigInt(known?.Input ?? 0)}`,
      Output: `${BigInt(usage.Output) + BigInt(known?.Output ?? 0)}`,
    })
  }
  return [...carried.values()]
}

/** Client and server of one call share an id where both report to Zipkin. */
const identityOf = ({ SpanId, SpanKind }: Pick<TokenSpan, 'SpanId' | 'SpanKind'>): string =>
  `${SpanId}/${SpanKind}`

/** Ids of all spans above some. Each is visited once, so that cycles end. */
function aboveOthers(
  usages: readonly TokenSpan[],
  byId: ReadonlyMap<string, TokenSpan>,
): ReadonlySet<string> {
  const above = new Set<string>()
  for (const { SpanId, ParentSpanId } of usages) {
    for (let at = ParentSpanId; at !== '' && at !== SpanId && !above.has(at); ) {
      above.add(at)
      at = byId.get(at)?.ParentSpanId ?? ''
    }
  }
  return above
}

/** The closest server's span below one; of several as close the first to begin. */
function firstServer(
  { SpanId }: TokenSpan,
  children: ReadonlyMap<string, readonly TokenSpan[]>,
): TokenSpan | null {
  const seen = new Set([SpanId])
  for (let level = [SpanId]; level.length > 0; ) {
    const below = level.flatMap(id => children.get(id) ?? []).filter(span => !seen.has(span.SpanId))
    const servers = below.filter(({ SpanKind }) => SpanKind === 'Server')
    if (servers.length > 0) return servers.toSorted(byStart)[0]!
    level = [...new Set(below.map(span => span.SpanId))]
    for (const id of level) seen.add(id)
  }
  return null
}

function byStart(a: TokenSpan, b: TokenSpan): number {
  const [first, second] = [BigInt(a.Start), BigInt(b.Start)]
  if (first !== second) return first < second ? -1 : 1
  return a.SpanId < b.SpanId ? -1 : 1
}

/** Spans by the resource and scope that they share, as OTLP has them. */
import type { Attribute } from './attributes.ts'
import type { Span } from './span.ts'

interface ScopeGroup {
  readonly name: string
  readonly version: string
  readonly members: readonly Span[]
}

interface ResourceGroup {
  readonly resource: readonly Attribute[]
  readonly scopes: readonly ScopeGroup[]
}

/** In the order of their first spans. */
export function groupedSpans(spans: readonly Span[]): readonly ResourceGroup[] {
  return [...Map.groupBy(spans, ({ resourceKey }) => resourceKey).values()].map(some => ({
    resource: some[0]!.resource,
    scopes: [
      ...Map.groupBy(some, ({ scopeName, scopeVersion }) =>
        JSON.stringify([scopeName, scopeVersion]),
      ).values(),
    ].map(members => ({ name: members[0]!.scopeName, version: members[0]!.scopeVersion, members })),
  }))
}

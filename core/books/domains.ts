import type { Component } from '../model/components.ts'

interface DomainDeclaration {
  /** The component under which its energy counts, if it counts by itself. */
  readonly component: Component
  /** Its `hw.type` in the semantic conventions of OpenTelemetry; null: they have none. */
  readonly hardware: 'cpu' | 'memory' | 'gpu' | null
  /**
   * Watts of one meter above which a reading is not booked: several times what was on sale in 2026 (sockets of 600 W,
   * memory of a socket below 300 W, accelerators of 1,400 W, servers of 15 kW).
   */
  readonly mostWatts: bigint
}

/** Domains of energy and power, by prefix of their names: `package-0`, `dram-1`, `gpu-<uuid>`. */
const DOMAINS = {
  package: { component: 'cpu', hardware: 'cpu', mostWatts: 1_000n },
  core: { component: 'cpu', hardware: 'cpu', mostWatts: 1_000n },
  uncore: { component: 'cpu', hardware: 'cpu', mostWatts: 1_000n },
  dram: { component: 'dram', hardware: 'memory', mostWatts: 500n },
  gpu: { component: 'gpu', hardware: 'gpu', mostWatts: 3_000n },
  /** A part of a board. */
  mig: { component: 'gpu', hardware: null, mostWatts: 3_000n },
} as const satisfies Readonly<Record<string, DomainDeclaration>>

/** Prefix of a domain name. */
export type DomainKind = keyof typeof DOMAINS

const KINDS = Object.keys(DOMAINS) as DomainKind[]

/** The kind of a domain; undefined: a whole host or platform, or no domain. */
export const domainKindOf = (domain: string): DomainKind | undefined =>
  KINDS.find(kind => domain.startsWith(kind))

/** The declaration of a domain's kind. */
export function domainOf(domain: string): DomainDeclaration | undefined {
  const kind = domainKindOf(domain)
  return kind === undefined ? undefined : DOMAINS[kind]
}

/** What requests name: things of the visible rows, things of hidden rows alone, and patterns that match both. */
import { SECRET } from '../worlds.ts'
import type { Draw } from './draw.ts'

/** The clock of the servers, unix seconds: 2026-11-20 12:10:30. */
export const NOW_S = 1_795_176_630
/** The first telemetry. */
export const AT_S = NOW_S - 630
/** The first minute of the ledger. */
export const LEDGER_S = AT_S - 3_600
/** Rows of each kind and owner. */
export const ROWS = 30

export const SERVICES = ['cart', 'pay'] as const
export const HOSTS = ['h1', 'h2'] as const
export const NAMESPACES = ['shop', 'web'] as const
export const ACCOUNTS = ['1', '2'] as const
/** Label values of visible rows. */
export const SEEN = 'seen'
/** Metrics that every owner has. */
export const METRICS = ['load', 'requests', 'latency', 'sizes', 'quant'] as const

const hidden = (draw: Draw): string => `${SECRET}-${draw.below(ROWS)}`

/** A name: visible, hidden, or of nothing. */
export const nameIn = (draw: Draw, visible: readonly string[]): string =>
  draw.call([
    () => draw.of(visible),
    () => draw.of(visible),
    () => hidden(draw),
    () => draw.of(['', 'nothing', SECRET, '*', '%', `${SECRET}-`]),
  ])

/** A regular expression over names. */
export const patternIn = (draw: Draw, visible: readonly string[]): string =>
  draw.call([
    () => '.+',
    () => '.*',
    () => `${SECRET}.*`,
    () => `${SECRET}-\\d+`,
    () => `(${draw.of(visible)}|${hidden(draw)})`,
    () => `${draw.of(visible).slice(0, 1)}.*`,
    () => '[^s].*',
    () => hidden(draw),
  ])

/** 32 hexadecimal digits: of a visible trace, of a hidden one, or of none. */
export const traceIdIn = (draw: Draw): string =>
  `${draw.of(['0', '0', 'f', 'a']).repeat(28)}${String(1 + draw.below(6)).padStart(4, '0')}`

/** A range of unix seconds that has some of the rows. */
export function rangeIn(draw: Draw): readonly [from: number, to: number] {
  const from = draw.of([AT_S - 3_600, AT_S, AT_S + 120, AT_S - 86_400, 1_577_836_800])
  return [from, draw.of([NOW_S, AT_S + 300, AT_S + 600])]
}

/** A window in the words of the usage routes. */
export const windowIn = (draw: Draw): string =>
  draw.of([
    '2h',
    '1d',
    '7d',
    'today',
    '2026-11-20T11:00:00Z,2026-11-20T12:10:00Z',
    '2020-01-01T00:00:00Z,2020-01-03T00:00:00Z',
  ])

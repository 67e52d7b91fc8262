/** Cases as files: inputs and expected results. `README.md` explains each key. */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('files/', import.meta.url)

/** The requirements for an answer. */
interface Wanted {
  readonly status?: readonly number[]
  readonly answer_has?: readonly string[]
  readonly answer_not?: readonly string[]
}

export type Step =
  | (Wanted & {
      readonly do: 'otlp'
      readonly path: string
      readonly body?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
    })
  | (Wanted & {
      readonly do: 'rw'
      readonly series: readonly (readonly [
        labels: Readonly<Record<string, string>>,
        samples: readonly (readonly [seconds: number, value: number | string])[],
      ])[]
    })
  | (Wanted & {
      readonly do: 'clickhouse'
      readonly sql: string
      readonly query?: string
      readonly rows?: readonly (readonly unknown[])[]
    })
  | {
      readonly do: 'check'
      readonly yaml: string
      readonly exit: number
      readonly answer_has?: readonly string[]
    }
  | { readonly do: 'process'; readonly read_lines: number; readonly stops_within: number }
  | { readonly do: 'wait'; readonly seconds: number }

export interface Expectation {
  readonly sql: string
  readonly rows: readonly (readonly unknown[])[]
  /** Relative tolerance of numbers. */
  readonly within_part?: number
  /** Seconds after the last input until the result must be right; default 10. */
  readonly wait?: number
}

export interface Case {
  readonly id: string
  readonly kind: string
  readonly what: string
  readonly right: string
  readonly t0?: string
  readonly steps?: readonly Step[]
  readonly scrape?: { readonly content_type: string | null; readonly text: string }
  readonly expect?: readonly Expectation[]
}

const KEYS: ReadonlySet<string> = new Set([
  'id',
  'kind',
  'source',
  'what',
  'right',
  't0',
  'steps',
  'scrape',
  'expect',
])

/** Every case, by name, as in its file. @throws Error for a case that no player supports */
export function readCases(): ReadonlyMap<string, string> {
  const files = readdirSync(FOLDER).filter(name => name.endsWith('.json'))
  return new Map(
    files.toSorted().map(name => {
      const text = readFileSync(new URL(name, FOLDER), 'utf8')
      const unknown = Object.keys(JSON.parse(text) as object).filter(key => !KEYS.has(key))
      if (unknown.length > 0) throw new Error(`${name} has keys that are not played: ${unknown.join(', ')}`)
      return [name.slice(0, -'.json'.length), text]
    }),
  )
}

const T0_MINUTES_AGO = 25
const PER_SECOND = { s: '', ms: '000', ns: '000000000' } as const
const TIME = /@(now_)?(s|ms|ns)([+-]\d+)?@/g
const REPEAT = /@repeat:(.*?):(\d+)@/g

/** T0 of a case, in seconds: a full minute, by default 25 minutes ago. */
const startOf = (text: string, nowSeconds: number): number => {
  const { t0 } = JSON.parse(text) as { t0?: string }
  return t0 === undefined ? (Math.floor(nowSeconds / 60) - T0_MINUTES_AGO) * 60 : Date.parse(`${t0}Z`) / 1000
}

export interface ReadyCase extends Case {
  readonly t0Seconds: number
}

/** The case with its times and repetitions filled in. */
export function prepareCase(text: string, nowSeconds: number): ReadyCase {
  const t0Seconds = startOf(text, nowSeconds)
  const filled = text
    .replace(REPEAT, (_, part: string, times: string) => part.repeat(Number(times)))
    .replace(TIME, (_, now: string | undefined, unit: keyof typeof PER_SECOND, offset?: string) => {
      const seconds = (now === undefined ? t0Seconds : nowSeconds) + Number(offset ?? 0)
      return `${seconds}${PER_SECOND[unit]}`
    })
  return { ...(JSON.parse(filled) as Case), t0Seconds }
}

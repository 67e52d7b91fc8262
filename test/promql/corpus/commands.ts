/** The commands of a file of the corpus. */
import { durationMs } from '../../../query/promql/syntax/durations.ts'
import { readString } from '../../../query/promql/syntax/strings.ts'
import { parseMetric, parseSeries, type SeriesText } from './series-text.ts'

export interface Expectation {
  readonly type: 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info' | 'ordered'
  readonly match: 'any' | 'msg' | 'regex'
  readonly text: string
}

export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly expr: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly isRange: boolean
  readonly expectations: readonly Expectation[]
  readonly series: readonly SeriesText[]
  readonly scalar: number | undefined
  readonly text: string | undefined
  /** Times of a range vector. */
  readonly rangeVector: { readonly startMs: number; readonly stepMs: number } | undefined
}

export type Command =
  | EvalCommand
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'load'
      readonly gapMs: number
      readonly withCustom: boolean
      readonly series: readonly SeriesText[]
      /** Whether samples come with the time since which they count. */
      readonly hasStartTimes: boolean
    }

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/i
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+?)\s+to\s+(.+?)\s+step\s+(.+?)\s+(.+)$/i

function ms(text: string): number {
  const value = durationMs(text.trim())
  if (value === undefined) throw new Error(`not a duration: ${text}`)
  return value
}

export function parseCommands(file: string): readonly Command[] {
  const lines = file.split('\n').map(line => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const begin = at
    const body: string[] = []
    while ((lines[at + 1] ?? '') !== '') {
      at += 1
      body.push(lines[at] ?? '')
    }
    if (line === 'clear') {
      commands.push({ kind: 'clear' })
      at = begin
    } else if (line.startsWith('load')) commands.push(parseLoad(line, body))
    else commands.push(parseEval(line, body, begin + 1))
  }
  return commands
}

function parseLoad(line: string, body: readonly string[]): Command {
  const match = /^load(_with_nhcb)?\s+(\S+)$/.exec(line)
  if (match === null) throw new Error(`not a load: ${line}`)
  const isStart = (each: string): boolean => parseMetric(each).rest.startsWith('@st')
  return {
    kind: 'load',
    gapMs: ms(match[2] ?? ''),
    withCustom: match[1] !== undefined,
    series: body.filter(each => !isStart(each)).map(parseSeries),
    hasStartTimes: body.some(isStart),
  }
}

function parseEval(line: string, body: readonly string[], number: number): EvalCommand {
  const instant = INSTANT.exec(line)
  const range = RANGE.exec(line)
  const [modifier, expr] = instant === null ? [range?.[1], range?.[5]] : [instant[1], instant[3]]
  if (expr === undefined) throw new Error(`not an eval: ${line}`)
  const expectations: Expectation[] =
    modifier === undefined ? [] : [{ type: modifier as 'fail', match: 'any', text: '' }]
  const result = resultOf(body, expectations)
  const at = ms(instant?.[2] ?? '0')
  return {
    kind: 'eval',
    line: number,
    expr,
    startMs: instant === null ? ms(range?.[2] ?? '') : (result.rangeVector?.endMs ?? at),
    endMs: instant === null ? ms(range?.[3] ?? '') : (result.rangeVector?.endMs ?? at),
    stepMs: instant === null ? ms(range?.[4] ?? '') : 0,
    isRange: instant === null,
    expectations,
    ...result,
  }
}

function resultOf(body: readonly string[], expectations: Expectation[]) {
  const series: SeriesText[] = []
  let scalar: number | undefined
  let text: string | undefined
  let rangeVector: { startMs: number; endMs: number; stepMs: number } | undefined
  for (const line of body) {
    const range = /^expect range vector from (\S+) to (\S+) step (\S+)$/.exec(line)
    if (range !== null) {
      rangeVector = { startMs: ms(range[1] ?? ''), endMs: ms(range[2] ?? ''), stepMs: ms(range[3] ?? '') }
    } else if (line.startsWith('expect string ')) {
      text = readString(line, 'expect string '.length).value
    } else if (line.startsWith('expect ')) expectations.push(parseExpect(line))
    else if (line.startsWith('expected_fail_')) {
      const [word = '', ...rest] = line.split(' ')
      const match = word === 'expected_fail_message' ? 'msg' : 'regex'
      expectations.push({ type: 'fail', match, text: rest.join(' ').trim() })
    } else if (/^[+-]?(?:[\d.]\S*|inf|nan)$/i.test(line)) scalar = numberOf(line)
    else series.push(parseSeries(line))
  }
  return { series, scalar, text, rangeVector }
}

function numberOf(line: string): number {
  const [point] = parseSeries(`x ${line}`).points
  return point?.kind === 'float' ? point.value : Number.NaN
}

function parseExpect(line: string): Expectation {
  const match = /^expect\s+(\w+)(?:\s+(msg|regex):\s*(.*))?$/.exec(line)
  if (match === null) throw new Error(`not an expect: ${line}`)
  const [, type = '', how, text = ''] = match
  return { type: type as 'fail', match: how === undefined ? 'any' : (how as 'msg'), text: text.trim() }
}

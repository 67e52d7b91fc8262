import { METRIC_TYPES, type MetricType } from '../metric.ts'
import { joinedLines } from './joined-lines.ts'
import { LineScanner } from './line-scanner.ts'
import { Lines } from './lines.ts'
import { type ExpositionSink, type Label, lineError, type SampleExemplar } from './sample.ts'
import type { ExpositionParser } from './text-format.ts'

const TYPES: ReadonlySet<string> = new Set(METRIC_TYPES)
const MAX_EXEMPLAR_CHARACTERS = 128

/**
 * OpenMetrics 1.0 (and 0.0.1): one space between the parts, no empty lines, no comments, times in seconds, exemplars,
 * and `# EOF` at the end, without which the exposition may have been truncated.
 */
export function createOpenMetricsParser(sink: ExpositionSink): ExpositionParser {
  const scanner = new LineScanner()
  let isEnded = false
  let last = 0
  const records = joinedLines((text, number) => {
    if (isEnded) throw lineError(number, 'follows `# EOF`', text)
    if (text === '# EOF') {
      isEnded = true
      return
    }
    scanner.begin(text, number)
    if (scanner.isAtEnd) throw scanner.error('an empty line')
    if (scanner.accept('# ')) readMetadata(scanner, sink)
    else readSample(scanner, sink)
  })
  const lines = new Lines((text, number) => {
    last = number
    records.take(text, number)
  })
  return {
    push: chunk => lines.push(chunk),
    end() {
      lines.end()
      records.end()
      if (!isEnded) throw lineError(last + 1, 'missing `# EOF`: the exposition is truncated', '')
    },
  }
}

function readMetadata(scanner: LineScanner, sink: ExpositionSink): void {
  const kind = scanner.token('HELP, TYPE or UNIT')
  if (kind !== 'HELP' && kind !== 'TYPE' && kind !== 'UNIT') {
    throw scanner.error('expected HELP, TYPE, UNIT or EOF', kind)
  }
  scanner.expect(' ', 'one blank')
  const family = scanner.anyName()
  if (kind !== 'TYPE' && scanner.isAtEnd) {
    tellText(sink, kind, family, '')
    return
  }
  scanner.expect(' ', 'one blank')
  const text = scanner.rest()
  if (kind === 'TYPE') {
    if (!TYPES.has(text)) throw scanner.error('unknown metric type', text)
    sink.type(family, text as MetricType)
    return
  }
  if (kind === 'UNIT' && text !== '' && !family.endsWith(`_${text}`)) {
    throw scanner.error(`the name ${family} does not end in its unit`, text)
  }
  tellText(sink, kind, family, text)
}

function tellText(sink: ExpositionSink, kind: 'HELP' | 'UNIT', family: string, text: string): void {
  if (kind === 'UNIT') sink.unit(family, text)
  else
    sink.help(
      family,
      text.replace(/\\([\\n"])/g, (_, what) => (what === 'n' ? '\n' : what)),
    )
}

function readSample(scanner: LineScanner, sink: ExpositionSink): void {
  let name = scanner.peek() === '{' ? undefined : scanner.metricName()
  let labels: Label[] = []
  if (scanner.peek() === '{') {
    const read = scanner.labels({ nameAllowed: name === undefined, spaced: false })
    name ??= read.name
    labels = read.labels
  }
  if (name === undefined || name === '') throw scanner.error('a sample has no name')
  scanner.expect(' ', 'one blank')
  const value = scanner.number('the value')
  let timeMs: number | undefined
  let exemplar: SampleExemplar | undefined
  if (!scanner.isAtEnd) {
    scanner.expect(' ', 'one blank')
    if (scanner.peek() !== '#') timeMs = readTime(scanner)
    if (!scanner.isAtEnd) {
      if (timeMs !== undefined) scanner.expect(' ', 'one blank')
      exemplar = readExemplar(scanner, sink)
    }
  }
  sink.sample({ name, labels, value, timeMs, exemplar })
}

/** Undefined if its labels are longer than the format allows: Prometheus drops it, too. */
function readExemplar(scanner: LineScanner, sink: ExpositionSink): SampleExemplar | undefined {
  scanner.expect('# ', '`# ` of an exemplar')
  const { labels } = scanner.labels({ nameAllowed: false, spaced: false })
  let characters = 0
  for (const [name, value] of labels) characters += codePoints(name) + codePoints(value)
  scanner.expect(' ', 'one blank')
  const value = scanner.number('the value of an exemplar')
  let timeMs: number | undefined
  if (!scanner.isAtEnd) {
    scanner.expect(' ', 'one blank')
    timeMs = readTime(scanner)
    if (!scanner.isAtEnd) throw scanner.error('the end of the line')
  }
  if (characters <= MAX_EXEMPLAR_CHARACTERS) return { labels, value, timeMs }
  sink.leftOut('exemplar_too_long')
  return undefined
}

/** Seconds, which a double holds to about 0.2 microseconds today, so they are rounded to a microsecond. */
function readTime(scanner: LineScanner): number {
  const seconds = scanner.number('the timestamp')
  if (!Number.isFinite(seconds)) throw scanner.error('the timestamp is not finite', String(seconds))
  return Math.round(seconds * 1e6) / 1000
}

const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count += 1
  return count
}

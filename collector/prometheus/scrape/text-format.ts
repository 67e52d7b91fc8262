import type { MetricType } from '../metric.ts'
import { joinedLines } from './joined-lines.ts'
import { LineScanner } from './line-scanner.ts'
import { Lines } from './lines.ts'
import type { ExpositionSink } from './sample.ts'

/** Parses an exposition that arrives in chunks; both methods throw a ScrapeFailure that names the line. */
export interface ExpositionParser {
  push(chunk: Uint8Array): void
  end(): void
}

const TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
  ['unknown', 'unknown'],
])
const INTEGER = /^[+-]?\d{1,16}$/

/**
 * Prometheus text 0.0.4 and 1.0.0, which adds quoted names. As lenient as Prometheus: blanks between the parts,
 * comments, a missing newline at the end, families in several places.
 */
export function createTextParser(sink: ExpositionSink): ExpositionParser {
  const scanner = new LineScanner()
  const records = joinedLines((text, number) => {
    scanner.begin(text, number)
    scanner.blanks()
    if (scanner.isAtEnd) return
    if (scanner.accept('#')) readComment(scanner, sink)
    else readSample(scanner, sink)
  })
  const lines = new Lines(records.take)
  return {
    push: chunk => lines.push(chunk),
    end() {
      lines.end()
      records.end()
    },
  }
}

/** `# HELP` and `# TYPE`; any other line that begins with `#` is a comment. */
function readComment(scanner: LineScanner, sink: ExpositionSink): void {
  if (scanner.blanks() === 0) return
  const isHelp = scanner.accept('HELP ') || scanner.accept('HELP\t')
  if (!isHelp && !scanner.accept('TYPE ') && !scanner.accept('TYPE\t')) return
  scanner.blanks()
  const family = scanner.anyName()
  if (isHelp) {
    // One character after the name is skipped, whatever it is, as in Prometheus: help of `a-b` is that of `a`.
    sink.help(family, unescapeHelp(scanner.rest().slice(1).trimStart()))
    return
  }
  if (scanner.blanks() === 0 && !scanner.isAtEnd) throw scanner.error('expected a space after the name')
  const word = scanner.token('a type')
  const type = TYPES.get(word)
  if (type === undefined) throw scanner.error('unknown metric type', word)
  scanner.blanks()
  if (!scanner.isAtEnd) throw scanner.error('the end of the line')
  sink.type(family, type)
}

function readSample(scanner: LineScanner, sink: ExpositionSink): void {
  let name = scanner.peek() === '{' ? undefined : scanner.metricName()
  scanner.blanks()
  let labels: ReturnType<LineScanner['labels']>['labels'] = []
  if (scanner.peek() === '{') {
    const read = scanner.labels({ nameAllowed: name === undefined, spaced: true })
    name ??= read.name
    labels = read.labels
    scanner.blanks()
  }
  if (name === undefined || name === '') throw scanner.error('a sample has no name')
  const value = scanner.number('the value')
  scanner.blanks()
  let timeMs: number | undefined
  if (!scanner.isAtEnd) {
    const text = scanner.token('a timestamp')
    if (!INTEGER.test(text)) throw scanner.error('the timestamp is not an integer (milliseconds)', text)
    timeMs = Number(text)
    scanner.blanks()
    if (!scanner.isAtEnd) throw scanner.error('the end of the line')
  }
  sink.sample({ name, labels, value, timeMs, exemplar: undefined })
}

/**
 * `\\` and `
 * `; any other backslash stands for itself.
 */
const unescapeHelp = (text: string): string =>
  text.includes('\\') ? text.replace(/\\([\\n])/g, (_, what) => (what === 'n' ? '\n' : '\\')) : text

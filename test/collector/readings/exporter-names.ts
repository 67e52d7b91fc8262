import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('exporters/', import.meta.url)

/** Metrics for which exporters/*.txt state a reading. */
export const EXPORTER_METRICS: ReadonlySet<string> = new Set(
  readdirSync(folder)
    .filter(file => file.endsWith('.txt'))
    .flatMap(file => readFileSync(new URL(file, folder), 'utf8').split('\n'))
    .filter(line => !line.startsWith('#') && /#> (?!no:)/.test(line))
    .map(line => /^[^{ ]+/.exec(line)![0]),
)

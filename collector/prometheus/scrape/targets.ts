import { createHash } from 'node:crypto'
import type { ScrapeJob, TargetGroup } from '../../../core/catalogue/config/keys/scrape.ts'
import type { Relabel } from './relabel.ts'
import type { Label } from './sample.ts'

/** One address that is scraped. */
export interface ScrapeTarget {
  /** Derived from its labels and address: a difference makes another target. */
  readonly id: string
  readonly url: string
  /** Labels of every series of it, sorted by name, including `job` and `instance`. */
  readonly labels: readonly Label[]
}

/**
 * Targets of a job, from groups of the configuration and of files. Each gets the labels that rules may read
 * (`__address__`, `__scheme__`, `__metrics_path__`, `__param_NAME`, `job`, those of its group), the rules are applied,
 * and labels that still begin with two underscores are removed. Equal addresses and labels are one target.
 */
export function targetsOf(
  job: ScrapeJob,
  groups: Iterable<TargetGroup>,
  relabel: Relabel,
): Map<string, ScrapeTarget> {
  const targets = new Map<string, ScrapeTarget>()
  for (const group of groups) {
    for (const address of group.targets) {
      const target = targetOf(job, group.labels, address, relabel)
      if (target !== undefined) targets.set(target.id, target)
    }
  }
  return targets
}

function targetOf(
  job: ScrapeJob,
  groupLabels: Readonly<Record<string, string>>,
  address: string,
  relabel: Relabel,
): ScrapeTarget | undefined {
  const labels = new Map([
    ['job', job.job_name],
    ['__scheme__', job.scheme],
    ['__metrics_path__', job.metrics_path],
    ...Object.entries(job.params).flatMap(([name, [first]]): Label[] =>
      first === undefined ? [] : [[`__param_${name}`, first]],
    ),
    ...Object.entries(groupLabels).filter(([, value]) => value !== ''),
    ['__address__', address],
  ])
  if (!relabel(labels)) return undefined
  const url = urlOf(job, labels)
  if (url === undefined) return undefined
  if (!labels.has('instance')) labels.set('instance', labels.get('__address__')!)
  const kept = [...labels].filter(([name]) => !name.startsWith('__')).sort(compareLabelNames)
  const id = createHash('sha256')
    .update(JSON.stringify([job.job_name, url, kept]))
    .digest('hex')
  return { id, url, labels: kept }
}

/** Undefined if the rules have left no usable URL. */
function urlOf(job: ScrapeJob, labels: ReadonlyMap<string, string>): string | undefined {
  const address = labels.get('__address__')
  const scheme = labels.get('__scheme__')
  if (address === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined
  const path = labels.get('__metrics_path__') ?? ''
  const url = URL.parse(`${scheme}://${address}${path.startsWith('/') ? '' : '/'}${path}`)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  for (const [name, values] of Object.entries(job.params)) {
    const [first, ...others] = [labels.get(`__param_${name}`), ...values.slice(1)]
    for (const value of [first, ...others]) if (value !== undefined) url.searchParams.append(name, value)
  }
  for (const [label, value] of labels) {
    const name = label.startsWith('__param_') ? label.slice('__param_'.length) : ''
    if (name !== '' && job.params[name] === undefined) url.searchParams.append(name, value)
  }
  return url.href
}

/** Sorts labels by name, in UTF-16 code units. */
export const compareLabelNames = ([a]: Label, [b]: Label): number => (a < b ? -1 : a > b ? 1 : 0)

import { compileAnchored } from './anchored-regex.ts'
import type { RelabelRule, ScrapeJob } from './keys/scrape.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

const DEFAULT_TIMEOUT_SECONDS = 10

/** Timeout of one scrape of a job, in seconds. */
export const scrapeTimeout = ({ scrape_timeout: timeout, scrape_interval: interval }: ScrapeJob): number =>
  timeout ?? Math.min(DEFAULT_TIMEOUT_SECONDS, interval)

/** Relations between the keys of scraping, and invalid patterns. */
export function scrapeProblems({ scrape }: Pick<Config, 'scrape'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const names = new Set<string>()
  for (const [index, job] of scrape.jobs.entries()) {
    const tell = (key: string, problem: string): void =>
      void problems.push({ path: `scrape.jobs.${index}.${key}`, problem })
    if (names.has(job.job_name)) tell('job_name', `another job is named ${job.job_name}`)
    names.add(job.job_name)
    jobProblems(job, tell)
    for (const list of ['relabel_configs', 'metric_relabel_configs'] as const) {
      job[list].forEach((rule, at) => {
        for (const problem of ruleProblems(rule)) tell(`${list}.${at}.${problem.key}`, problem.problem)
      })
    }
  }
  return problems
}

function jobProblems(job: ScrapeJob, tell: (key: string, problem: string) => void): void {
  if (scrapeTimeout(job) > job.scrape_interval) tell('scrape_timeout', 'must be at most scrape_interval')
  if (job.basic_auth !== undefined && job.authorization !== undefined) {
    tell('authorization', 'basic_auth and authorization cannot both be set')
  }
  const { cert, key } = job.tls_config
  if ((cert === undefined) !== (key === undefined)) {
    tell('tls_config', 'certificate and key must be set together')
  }
  job.file_sd_configs.forEach((config, at) => {
    config.files.forEach((path, of) => {
      const folder = path.slice(0, path.lastIndexOf('/') + 1)
      if (folder.includes('*'))
        tell(`file_sd_configs.${at}.files.${of}`, '`*` is allowed only in the last part of a path')
    })
  })
}

function ruleProblems(rule: RelabelRule): { readonly key: string; readonly problem: string }[] {
  const problems: { key: string; problem: string }[] = []
  try {
    compileAnchored(rule.regex)
  } catch (error) {
    problems.push({ key: 'regex', problem: `is not a valid RE2 pattern: ${(error as Error).message}` })
  }
  const { action, target_label: written, modulus, source_labels: sources } = rule
  const writes = action === 'replace' || action === 'hashmod'
  if (writes && (written === undefined || written === '')) {
    problems.push({ key: 'target_label', problem: `action \`${action}\` requires it` })
  }
  if (action === 'hashmod' && modulus === undefined) {
    problems.push({ key: 'modulus', problem: 'action `hashmod` requires it' })
  }
  if ((action === 'labeldrop' || action === 'labelkeep') && sources.length > 0) {
    problems.push({ key: 'source_labels', problem: `action \`${action}\` works on label names only` })
  }
  return problems
}

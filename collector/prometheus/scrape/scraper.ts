/**
 * Scrapes the targets of the configuration and of files, each at its turn, and stores their samples through the same
 * intake as everything else. docs/scrape.md explains it for users.
 */

import type { ScrapeJob, TargetGroup } from '../../../core/catalogue/config/keys/scrape.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { type Budget, createBudget } from '../../intake/budget.ts'
import { type Clock, systemClock } from '../../intake/clock.ts'
import type { Intake } from '../../intake/intake.ts'
import { createFetch } from './fetch-target.ts'
import { createRelabel } from './relabel.ts'
import { Scheduler } from './scheduler.ts'
import { TargetScraper } from './scrape-target.ts'
import { TargetFiles } from './target-files.ts'
import { type ScrapeTarget, targetsOf } from './targets.ts'

interface ScraperOptions {
  readonly config: Pick<Config, 'scrape' | 'limits'>
  readonly intake: Pick<Intake, 'ingest'>
  readonly events: Events
  readonly version: string
  readonly clock?: Clock
}

interface Scraper {
  /**
   * Aborts running scrapes and waits for data that is being stored. Series do not end: they continue after a restart.
   */
  stop(): Promise<void>
}

interface SharedScraping extends ScraperOptions {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly budget: Budget
  readonly stop: AbortSignal
}

/** Starts all jobs; resolves when the target files have been read once. */
export async function startScraper(options: ScraperOptions): Promise<Scraper> {
  const { clock = systemClock } = options
  const { concurrency, in_flight_bytes: bytes, jobs } = options.config.scrape
  const stopping = new AbortController()
  const scheduler = new Scheduler(clock, concurrency)
  const budget = createBudget(bytes)
  const shared: SharedScraping = { ...options, clock, scheduler, budget, stop: stopping.signal }
  await Promise.all(jobs.map(job => startJob(job, shared)))
  return {
    async stop() {
      stopping.abort()
      await scheduler.stop()
    },
  }
}

/** Starts the targets of a job and follows its files. */
async function startJob(job: ScrapeJob, shared: SharedScraping): Promise<void> {
  const { scheduler, events, clock, stop } = shared
  const relabelTargets = createRelabel(job.relabel_configs)
  const schedule = scheduleOf(job, shared)
  const files = job.file_sd_configs.map(config => ({
    everyMs: config.refresh_interval * 1000,
    found: new TargetFiles(config.files, events),
  }))
  let running = new Map<string, ScrapeTarget>()

  const update = (): void => {
    const groups: TargetGroup[] = [...job.static_configs, ...files.flatMap(({ found }) => found.groups())]
    const wanted = targetsOf(job, groups, relabelTargets)
    const gone = [...running.keys()].filter(id => !wanted.has(id))
    const added = [...wanted.values()].filter(({ id }) => !running.has(id))
    for (const id of gone) scheduler.remove(id)
    for (const target of added) schedule(target)
    running = wanted
    if (gone.length + added.length > 0) {
      events.emit('targetsChanged', {
        job: job.job_name,
        targets: wanted.size,
        added: added.length,
        gone: gone.length,
      })
    }
  }
  const follow = (file: (typeof files)[number]): void => {
    const cancel = clock.after(file.everyMs, async () => {
      const isChanged = await file.found.look()
      if (stop.aborted) return
      if (isChanged) update()
      follow(file)
    })
    stop.addEventListener('abort', cancel, { once: true })
  }
  await Promise.all(files.map(({ found }) => found.look()))
  update()
  for (const file of files) follow(file)
}

function scheduleOf(job: ScrapeJob, shared: SharedScraping): (target: ScrapeTarget) => void {
  const { intake, events, budget, clock, scheduler, stop, config, version } = shared
  const fetch = createFetch(job, `wattline/${version}`)
  const rules = job.metric_relabel_configs
  const relabel = rules.length === 0 ? undefined : createRelabel(rules)
  const times = {
    unixMs: () => Number(clock.unixNano() / 1_000_000n),
    monotonicMs: () => clock.monotonicMs(),
  }
  return target => {
    const parts = { job, target, fetch, relabel, intake, budget, events, limits: config.limits, clock: times }
    const scraper = new TargetScraper(parts)
    scheduler.add({
      id: target.id,
      intervalMs: job.scrape_interval * 1000,
      run: () => scraper.scrape(stop),
      leave: () => scraper.leave(),
      skipped: () => events.emit('scrapeSkipped', { job: job.job_name, target: target.url }),
    })
  }
}

/**
 * PromQL over HTTP beside a Prometheus: the same samples in both, the same requests to both, one after the other. Printed are
 * CPU time of the whole server process and time of an answer, medians, and the ratio.
 *
 *   npm run bench:promapi -- [--prometheus prometheus] [--series 10000] [--hours 24] [--scrape 30] [--step 120] [--rounds 5]
 *
 * With `--folder F` the samples stay there, and the next run begins at once. `--only TEXT`: questions whose name has it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from '../../support/arguments.ts'
import { cpuSeconds, median, memory } from '../costs/process.ts'
import { compare, type Question, questionsOf } from './questions.ts'
import { openPrometheus, openWattline, type Server, sizeIn } from './servers.ts'

const { values } = parseArgs({
  options: {
    prometheus: { type: 'string', default: 'prometheus' },
    series: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '24' },
    scrape: { type: 'string', default: '30' },
    step: { type: 'string', default: '120' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    folder: { type: 'string' },
  },
})

interface Measured {
  readonly cpuMs: number
  readonly wallMs: number
  readonly body: unknown
}

/** CPU and time of an answer. */
async function ask(server: Server, question: Question): Promise<Measured> {
  const before = cpuSeconds(server.pid)
  const started = performance.now()
  let text = ''
  for (let time = 0; time < question.times; time += 1) {
    const answer = await fetch(server.base + question.path)
    text = await answer.text()
    if (!answer.ok) throw new Error(`${server.name}, ${question.name}: ${answer.status} ${text}`)
  }
  const wallMs = (performance.now() - started) / question.times
  return {
    cpuMs: (1000 * (cpuSeconds(server.pid) - before)) / question.times,
    wallMs,
    body: JSON.parse(text),
  }
}

const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'wattline-promapi-'))
mkdirSync(folder, { recursive: true })
const size = sizeIn(folder, {
  series: Number(values.series),
  hours: Number(values.hours),
  scrapeS: Number(values.scrape),
})
const servers: Server[] = []
try {
  servers.push(await openPrometheus(values.prometheus, join(folder, 'prometheus'), size))
  servers.push(await openWattline(join(folder, 'wattline'), size))
  console.log(
    `${size.series} series, ${((size.series * 1.1 * size.scrapes) / 1e6).toFixed(1)} M samples, step ${values.step} s`,
  )
  for (const question of questionsOf(size, Number(values.step))) {
    if (!question.name.includes(values.only)) continue
    const measured: Measured[][] = [[], []]
    // The first answer of each server is not counted: it fills what they remember.
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [at, server] of servers.entries()) {
        const answer = await ask(server, question)
        if (round > 0) measured[at]!.push(answer)
      }
    }
    const difference = compare(question.name, measured[0]![0]!.body, measured[1]![0]!.body)
    const [theirs, ours] = measured.map(all => ({
      cpu: median(all.map(({ cpuMs }) => cpuMs)),
      wall: median(all.map(({ wallMs }) => wallMs)),
    })) as [{ cpu: number; wall: number }, { cpu: number; wall: number }]
    const text = ({ cpu, wall }: typeof ours): string => `${cpu.toFixed(1)} ms CPU, ${wall.toFixed(1)} ms`
    console.log(
      `${question.name}: Prometheus ${text(theirs)}; Wattline ${text(ours)}; ratio ${(ours.cpu / theirs.cpu).toFixed(2)} in CPU, ` +
        `${(ours.wall / theirs.wall).toFixed(2)} in time; largest difference ${difference.toExponential(1)}`,
    )
  }
  for (const { name, pid } of servers) console.log(`${name}: ${memory(pid).peakMb.toFixed(0)} MB at most`)
} finally {
  for (const server of servers) await server.end()
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}

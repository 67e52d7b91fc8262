/**
 * One of several processes of a collector, started by another one (`supervise.ts`), which says what to run and when to
 * stop. When the supervisor is gone, this process finishes its work in flight and ends.
 */

import { asWattlineError } from '../core/catalogue/errors/errors.ts'
import { EventBus } from '../core/catalogue/events/event-bus.ts'
import { createLogger } from '../core/catalogue/events/logger.ts'
import { endProcess } from '../core/runtime/end-process.ts'
import { relaxHeap } from '../core/runtime/heap.ts'
import { watchProcess } from '../core/runtime/process-figures.ts'
import {
  type FromWorker,
  REPORT_EVERY_MS,
  type ToWorker,
  type WorkerOrder,
} from '../core/runtime/processes/messages.ts'
import { type RunningWattline, startWattline } from '../main.ts'
import { endOnDefect } from './end-on-defect.ts'
import { outliveOutput, serveWithoutOutput } from './output.ts'

outliveOutput()
serveWithoutOutput()

const ordered = Promise.withResolvers<WorkerOrder>()
/** Resolves with the milliseconds that stopping may take; null: the configured grace period. */
const asked = Promise.withResolvers<number | null>()
process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') ordered.resolve(message.order)
  else asked.resolve(message.graceMs)
})
process.on('disconnect', () => asked.resolve(null))
process.on('SIGTERM', () => asked.resolve(null))
// A terminal sends it to all processes; the supervisor then tells this one what to do.
process.on('SIGINT', () => undefined)

/** Resolves when the message is sent, or when the supervisor is gone. */
const say = (message: FromWorker): Promise<void> =>
  new Promise(resolve => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

const { index, config, version, connections } = await ordered.promise
relaxHeap(config.broker.kind)
const events = new EventBus(createLogger(config.log.level, { process: index }))
endOnDefect(events)
const figures = watchProcess()
/** Until it has started: what it waits for. */
let reasons: () => Promise<readonly string[]> = async () => []
// Reports during the start too: a process that waits for Kafka does not hang.
setInterval(() => void report(), REPORT_EVERY_MS).unref()
const running = await start()
reasons = async () => Object.values(await running.readiness()).flat()
const { otlpHttp, otlpGrpc } = running.addresses
await say({ kind: 'started', addresses: { otlpHttp, otlpGrpc } })
await report()

const graceMs = (await asked.promise) ?? config.shutdown_grace * 1000
const left = await running.stop(graceMs)
await report()
await say({ kind: 'stopped', left })
endProcess(left.length === 0 ? 0 : 1)

async function start(): Promise<RunningWattline> {
  const stopping = new AbortController()
  void asked.promise.then(() => stopping.abort(new Error('the process received a stop signal')))
  try {
    return await startWattline({
      config,
      version,
      events,
      shared: { connections },
      signal: stopping.signal,
      onWaits: waits => {
        reasons = async () => waits()
      },
    })
  } catch (thrown) {
    if (stopping.signal.aborted) {
      await say({ kind: 'stopped', left: [] })
      endProcess(0)
    }
    const error = asWattlineError(thrown, 'invariant_broken')
    if (error.code === 'invariant_broken') events.emit('processFailed', { kind: 'start' }, thrown)
    await say({ kind: 'failed', code: error.code, message: error.message })
    endProcess(1)
  }
}

async function report(): Promise<void> {
  const told = { counters: events.samples(), figures: figures.take(), reasons: await reasons() }
  await say({ kind: 'report', report: told })
}

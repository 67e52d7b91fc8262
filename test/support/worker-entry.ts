// A worker process of the supervisor's tests: behaves as the order's `version` says, which may differ between starts.
import { existsSync, writeFileSync } from 'node:fs'
import type { FromWorker, ToWorker } from '../../core/runtime/processes/messages.ts'

const say = (message: FromWorker): void => void process.send?.(message)
const figures = {
  cpuSeconds: 1,
  residentBytes: 100,
  heapUsedBytes: 10,
  loopDelaySeconds: 0.001,
  loopDelayMaxSeconds: 0.5,
}

const behave: Readonly<Record<string, () => void>> = {
  good: () => undefined,
  'ends once': () => {
    if (isFirst()) setTimeout(() => process.exit(3), 100)
  },
  'hangs once': () => {
    if (isFirst()) {
      setTimeout(() => {
        for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
      }, 50)
    }
  },
  'cannot start again': () => void setTimeout(() => process.exit(0), 50),
}

let marker = ''
function isFirst(): boolean {
  if (existsSync(marker)) return false
  writeFileSync(marker, '')
  return true
}

function fail(): void {
  const failed = {
    kind: 'failed',
    code: 'broker_unavailable',
    message: 'Nobody answers.',
  } satisfies FromWorker
  process.send?.(failed, () => process.exit(1))
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') {
    if (marker.endsWith('deaf')) return
    say({ kind: 'stopped', left: marker.endsWith('late') ? ['intake did not stop in time'] : [] })
    process.disconnect()
    return
  }
  const { version, config, index } = message.order
  marker = `${config.data}/${index}-${version}`
  if (version === 'fails' || (version === 'cannot start again' && !isFirst())) return fail()
  const address =
    config.listen.otlp_http === 4318 ? 'http://127.0.0.1:1234' : `http://127.0.0.1:${config.listen.otlp_http}`
  say({ kind: 'started', addresses: { otlpHttp: address, otlpGrpc: null } })
  const counters = new Map([['wattline_intake_items_total', new Map([['signal="traces"', 5]])]])
  say({
    kind: 'report',
    report: { counters, figures, reasons: version === 'cannot work' ? ['intake: full'] : [] },
  })
  behave[version]?.()
})

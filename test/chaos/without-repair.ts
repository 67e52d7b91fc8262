// The product, with the engine's deduplication logs left as after a crash: what `npm run chaos -- --without-repair`
// kills, to show why the repair is needed.
import { loadConfig } from '../../core/catalogue/config/load.ts'
import { EventBus } from '../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../core/catalogue/events/logger.ts'
import { startWattline } from '../../main.ts'

const config = loadConfig(undefined, process.env)
const running = await startWattline({
  config,
  events: new EventBus(createLogger(config.log.level)),
  version: 'without-repair',
  engine: { repairTokens: false },
})
const { http, otlpHttp } = running.addresses
process.stdout.write(`page and API ${http}/\nOTLP over HTTP ${otlpHttp}/\nStop with Ctrl-C\n`)
process.once('SIGTERM', async () => {
  await running.stop(9_000)
  process.exit(0)
})

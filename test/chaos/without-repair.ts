// The product, but with the engine's deduplication logs left as a crash left them: what `npm run chaos -- --without-repair`
// kills, to show what the repair is for.
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

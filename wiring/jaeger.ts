import { urlOf } from '../core/http/url-of.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import type { Fairness } from '../query/fair/fairness.ts'
import { createJaegerListener } from '../query/jaeger/listener.ts'
import type { Wiring } from './wiring.ts'

/** Opens the port for Jaeger; null if disabled by configuration. */
export async function startJaeger(
  { config, authentication, events, lifecycle }: Wiring,
  warehouse: Warehouse,
  fairness: Fairness,
): Promise<string | null> {
  const { host, jaeger: port } = config.listen
  if (port === 'off') return null
  const { access, tls } = authentication
  const listener = createJaegerListener({
    warehouse,
    sqlLimits: config.limits.sql,
    turns: fairness.own,
    access,
    events,
    tls,
  })
  await lifecycle.start(
    'Jaeger storage',
    () => listener.listen(host, port),
    () => listener.stop(),
  )
  const address = urlOf(listener.address(), { tls })
  events.emit('listenerStarted', { listener: 'jaeger', address })
  return address
}

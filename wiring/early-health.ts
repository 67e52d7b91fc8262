import type { Answering } from '../core/autoscaling/answering.ts'
import type { roleNeeds } from '../core/catalogue/config/roles.ts'
import type { QueryServer } from '../query/http/query-server.ts'
import { createStatusServer } from '../query/status-server.ts'
import type { Wiring } from './wiring.ts'

/**
 * Serves health, readiness and answers to autoscalers while the process waits for its neighbours, which may take for ever;
 * null if there are none. Not used when everything is in this process, and no autoscaler asks it: its ports open together, when it
 * accepts work.
 */
export async function startEarlyHealth(
  wiring: Wiring,
  needs: ReturnType<typeof roleNeeds>,
  answering: Answering | null,
): Promise<QueryServer | null> {
  const { lifecycle, config, events, version, started, authentication, waits } = wiring
  const { host, http: port } = config.listen
  const hasNeighbours =
    (needs.log === 'open' && config.broker.kind !== 'embedded') ||
    (needs.warehouse && config.warehouse.kind !== 'embedded')
  // Where telemetry is received, ports open together, unless an autoscaler is known to ask.
  const isAsked =
    config.roles.includes('scaling') && (answering?.isEmpty === false || !config.roles.includes('collector'))
  if (port === 'off' || !(hasNeighbours || isAsked)) return null
  const server = createStatusServer({
    events,
    version,
    started,
    roles: config.roles,
    access: authentication.access,
    tls: authentication.tls,
    isStarting: true,
    ...(answering === null ? {} : { answering }),
    readiness: async () => {
      const reasons = ['start: this process is starting', ...waits.reasons()]
      return Object.fromEntries(config.roles.map(role => [role, reasons]))
    },
  })
  await lifecycle.start(
    'early health',
    () => server.listen(host, port),
    () => server.stop(),
  )
  return server
}

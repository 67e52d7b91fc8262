import { hostname } from 'node:os'
import type { Intake } from '../collector/intake/intake.ts'
import type { Wiring } from './wiring.ts'

/** The process's own spans go to the configured receiver, otherwise to its own, otherwise nowhere. */
export async function startOwnTelemetry(
  wiring: Wiring,
  otlpHttp: string | null,
  intake: Intake | null,
): Promise<void> {
  const { lifecycle, config, version, authentication } = wiring
  const { traces, endpoint, sample_ratio: sampleRatio } = config.telemetry
  if (!traces) return
  const url = endpoint ?? (intake && otlpHttp && (await ownReceiver(wiring, otlpHttp, intake)))
  if (url === null) return
  const { startTelemetry } = await import('../core/runtime/telemetry.ts')
  const instance = `${config.instance ?? hostname()}-${process.pid}`
  const token = endpoint === undefined ? authentication.own.token : config.telemetry.token
  await lifecycle.start(
    'telemetry',
    () => startTelemetry({ url, version, instance, sampleRatio, ...(token === undefined ? {} : { token }) }),
    telemetry => telemetry.stop(),
  )
}

/**
 * With TLS, one more port, plaintext and on loopback, for this process alone, because its certificate is for other
 * names. The same if the port is shared: another process could answer there, which does not know this one's token.
 */
async function ownReceiver(wiring: Wiring, otlpHttp: string, intake: Intake): Promise<string> {
  if (wiring.authentication.tls === undefined && wiring.shared === undefined) return otlpHttp
  const { access } = wiring.authentication.own
  const { startHttpReceiver } = await import('./collector.ts')
  return await startHttpReceiver(wiring, { host: '127.0.0.1', port: 0, intake, access })
}

import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Uplink } from './exporter.ts'
import { createHttpClient } from './http-client.ts'
import { createOtlpUplink } from './otlp-exporter.ts'
import { createWattlineUplink } from './wattline-exporter.ts'

/** The uplink of a configuration. */
export function openUplink(
  url: string,
  options: {
    readonly config: Config
    readonly events: Events
    readonly now: () => number
    readonly isSensor: (source: string) => boolean
  },
): Uplink {
  const { config, events, now, isSensor } = options
  const { protocol, compression } = config.forward
  const http = createHttpClient(url, config.forward)
  return protocol === 'otlp'
    ? createOtlpUplink({ http, compression, isSensor, events, now })
    : createWattlineUplink({ http, events, now })
}

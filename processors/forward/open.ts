import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Exporter } from './exporter.ts'
import { createHttpClient } from './http-client.ts'
import { createOtlpExporter } from './otlp-exporter.ts'
import { createWattlineExporter } from './wattline-exporter.ts'

/** The exporter of a configuration. */
export function openExporter(
  url: string,
  options: {
    readonly config: Config
    readonly events: Events
    readonly now: () => number
  },
): Exporter {
  const { config, events, now } = options
  const { protocol, compression } = config.forward
  const http = createHttpClient(url, config.forward)
  return protocol === 'otlp'
    ? createOtlpExporter({ http, compression, events, now })
    : createWattlineExporter({ http, events, now })
}

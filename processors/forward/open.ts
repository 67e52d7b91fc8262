import type { Config } from '../../core/runtime/config/schema.ts'
import type { Events } from '../../core/runtime/events.ts'
import { createHttpClient } from './http-client.ts'
import type { Uplink } from './uplink.ts'
import { createWattlineUplink } from './wattline-uplink.ts'

/** The uplink of a configuration. */
export function openUplink(
  url: string,
  options: { readonly config: Config; readonly events: Events; readonly now: () => number },
): Uplink {
  const { config, events, now } = options
  const http = createHttpClient(url, config.forward)
  return createWattlineUplink({ http, events, now })
}

import { halfRequest } from './clients.ts'
import type { Client } from './exchange.ts'
import { pause } from './topology.ts'

/** Closes the connections of all requests in flight a few times, and leaves requests half sent. */
export async function cutClients(client: Client): Promise<string> {
  let cut = 0
  const times = 2 + Math.floor(client.random() * 4)
  for (let time = 0; time < times; time++) {
    await pause(client.random() * 150)
    for (const request of client.target.open ?? []) {
      request.abort()
      cut += 1
    }
    await halfRequest(client)
  }
  return `${cut} requests cut, ${times} half sent`
}

/**
 * Clients that send spans as OpenTelemetry exporters do, one request after the other, each until it is acknowledged.
 */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { encodeTraces } from '../support/otlp.ts'
import { type Client, isOver, pause, post, RETRY_MS, TRACES } from './exchange.ts'

/** Sends batches of spans, each repeated as a new attempt until it is acknowledged. */
export async function spanClient(client: Client): Promise<void> {
  const { acknowledged, random, stop } = client
  const name = randomBytes(4).toString('hex')
  for (let batch = 0; !stop.aborted; batch++) {
    const size = 1 + Math.floor(random() * 200)
    for (let attempt = 0; ; attempt++) {
      const id = `${name}-${batch}/${attempt}`
      const outcome = await post(client, TRACES, spansOf(acknowledged.service, id, size))
      if (outcome === 'acknowledged') {
        acknowledged.batches.set(id, size)
        acknowledged.times.set(id, Date.now())
        break
      }
      if (outcome === 'unanswered') acknowledged.unanswered.set(id, size)
      if (isOver(client)) return
      await pause(RETRY_MS)
    }
    await pause(random() * (client.paceMs ?? 0))
  }
}

function spansOf(service: string, id: string, size: number): Buffer {
  const now = BigInt(Date.now()) * 1_000_000n
  const spans = Array.from({ length: size }, (_, i) => ({
    traceId: randomBytes(16),
    spanId: randomBytes(8),
    name: `operation ${i % 7}`,
    // Two days, so that a record spans two partitions of the table.
    startUnixNano: now - (i % 2 === 0 ? 0n : 86_400_000_000_000n),
    endUnixNano: now,
    attributes: { batch: id },
  }))
  return encodeTraces({ 'service.name': service }, spans)
}

/** Half of a request, then the connection breaks: no part of it may ever be stored. */
export async function halfRequest({ target, acknowledged, random }: Client): Promise<void> {
  if (target.otlp === null) return
  const { hostname, port } = new URL(target.otlp)
  const id = `half-${randomBytes(4).toString('hex')}/0`
  const body = spansOf(acknowledged.service, id, 50)
  const head = `POST /v1/traces HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${TRACES.type}\r\nContent-Length: ${body.length}\r\n\r\n`
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(head)
  socket.write(body.subarray(0, Math.floor(body.length * random())))
  await pause(5 + random() * 50)
  socket.destroy()
}

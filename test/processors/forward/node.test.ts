// Guarantees: a log that is full of what waits for an uplink refuses more and loses nothing, and takes data again as soon as
// the uplink has taken what was there; a node in the middle passes on what others forward to it, once; an uplink over TLS
// shows its certificate and trusts the authority that it is told, and no other.
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { logs } from '../../../core/model/streams/index.ts'
import { openExporter } from '../../../processors/forward/open.ts'
import { createForward } from '../../../processors/forward/processor.ts'
import { createAuthority } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import {
  admitInto,
  caughtUp,
  forwardTo,
  httpTo,
  openLog,
  readStream,
  run,
  startReceiver,
  testConfig,
} from './rig.ts'
import { logRecord } from './rows.ts'

it('takes data again as soon as the uplink has made room', async () => {
  const node = await openLog(1, 600_000)
  const centre = await openLog(1)
  const door = await startReceiver(centre.broker)
  const bodies: string[] = []
  const fill = async (): Promise<unknown> => {
    for (;;) {
      const body = `${bodies.length} ${'x'.repeat(200)}`
      try {
        await node.broker.append('logs', 0, [logRecord([body])])
        bodies.push(body)
      } catch (error) {
        return error
      }
    }
  }
  expect(await fill()).toMatchObject({ code: 'disk_full', disposition: 'retry' })
  const before = bodies.length
  expect(before).toBeGreaterThan(50)

  const http = httpTo(door.url)
  const runners = [
    await run(node.broker, forwardTo(http)),
    await run(centre.broker, admitInto(centre.broker)),
  ]
  await until(() => caughtUp(node.broker, 'forward', ['logs']))
  const more = ['after', 'the', 'outage']
  for (const body of more) {
    let isTaken = false
    await until(async () => {
      if (isTaken) return true
      const taken = node.broker.append('logs', 0, [logRecord([body])])
      isTaken = await taken.then(
        () => true,
        () => false,
      )
      return isTaken
    })
  }
  await until(() => caughtUp(node.broker, 'forward', ['logs']))
  await until(() => caughtUp(centre.broker, 'admit', ['forwarded']))
  await Promise.all(runners.map(runner => runner.stop()))
  const found = (await readStream(centre.broker, logs)).flatMap(({ rows }) => rows.map(({ Body }) => Body))
  expect(found).toEqual([...bodies, ...more])
  await door.stop()
  await node.destroy()
  await centre.destroy()
})

it('passes on what others forward to it', async () => {
  const [node, middle, centre] = await Promise.all([openLog(2), openLog(1), openLog(3)])
  const doors = [await startReceiver(middle.broker), await startReceiver(centre.broker)]
  const runners = [
    await run(node.broker, forwardTo(httpTo(doors[0]!.url))),
    await run(middle.broker, admitInto(middle.broker)),
    await run(middle.broker, forwardTo(httpTo(doors[1]!.url))),
    await run(centre.broker, admitInto(centre.broker)),
  ]
  const bodies = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(2, '0'))
  for (const body of bodies) await node.broker.append('logs', Number(body) % 2, [logRecord([body])])
  const count = async (): Promise<string[]> =>
    (await readStream(centre.broker, logs)).flatMap(({ rows }) => rows.map(({ Body }) => Body))
  await until(async () => (await count()).length >= bodies.length)
  expect((await count()).toSorted()).toEqual(bodies)
  await Promise.all(runners.map(runner => runner.stop()))
  await Promise.all(doors.map(door => door.stop()))
  await Promise.all([node, middle, centre].map(log => log.destroy()))
})

it('speaks TLS, with a certificate of its own where one is asked for', async () => {
  const authority = createAuthority('Test authority')
  const server = createServer(
    { ...authority.issue(['127.0.0.1']), ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      request.resume().on('end', () => response.end('{"records":1}'))
    },
  ).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const node = await openLog(1)
  await node.broker.append('logs', 0, [logRecord(['a'])])
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const start = (tls: Record<string, string>) => {
    const config = testConfig({ forward: { url, tls } })
    const options = { config, events: silentEvents, now: Date.now }
    return run(node.broker, createForward({ exporter: openExporter(url, options), events: silentEvents }))
  }
  const own = authority.issue(['node'])
  for (const tls of [{ cert: own.cert, key: own.key }, { ca: authority.cert }]) {
    const stranger = await start(tls)
    await until(() => stranger.problems().length > 0)
    expect(stranger.problems().join()).toMatch(/uplink_unavailable: https:\/\/127\.0\.0\.1:/)
    await stranger.stop()
    expect(await caughtUp(node.broker, 'forward', ['logs'])).toBe(false)
  }
  const runner = await start({ ca: authority.cert, cert: own.cert, key: own.key })
  await until(() => caughtUp(node.broker, 'forward', ['logs']))
  await runner.stop()
  server.closeAllConnections()
  server.close()
  await node.destroy()
})

/** The process of a front, started by `front.ts`, which controls it over the channel between them. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { FrontCluster } from './cluster.ts'
import { FrontEngine } from './engine.ts'
import { FaultPlan, type FaultRule } from './faults.ts'
import { createFrontServer } from './server.ts'
import { Tally } from './tally.ts'

/** Its start options, as JSON in its first argument. */
export interface FrontStart {
  readonly folder: string
  /** 0: any free one. */
  readonly ports: readonly number[]
  readonly seed: number
  readonly user: string
  readonly password: string
  readonly cluster: FrontCluster | null
}

export type Call =
  | { readonly id: number; readonly name: 'inject'; readonly rules: readonly FaultRule[] }
  | { readonly id: number; readonly name: 'heal' | 'counts' | 'stop' }
  /** Closes the port and all its connections, or reopens it. */
  | { readonly id: number; readonly name: 'close' | 'open'; readonly port: number }

export type Reply = { readonly id: number; readonly result: unknown } | { readonly ports: readonly number[] }

const tell = (reply: Reply): void => {
  process.send?.(reply)
}

async function main(start: FrontStart): Promise<void> {
  const engine = await FrontEngine.open(start.folder, start.cluster)
  const plan = new FaultPlan(start.seed)
  const tally = new Tally()
  const common = { engine, plan, tally, user: start.user, password: start.password }
  const servers: Server[] = []
  const ports = [...start.ports]
  const open = async (index: number): Promise<void> => {
    if (servers[index]?.listening === true) return
    const server = createFrontServer({ ...common, index, port: ports[index] ?? 0 })
    server.listen(ports[index], '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) ports[index] = address.port
    servers[index] = server
  }
  const close = async (index: number): Promise<void> => {
    const server = servers[index]
    if (server?.listening !== true) return
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  for (const index of ports.keys()) await open(index)
  const answer = async (call: Call): Promise<unknown> => {
    if (call.name === 'inject') return plan.add(call.rules)
    if (call.name === 'heal') return plan.clear()
    if (call.name === 'counts') return tally.counts()
    if (call.name === 'open') return open(call.port)
    if (call.name === 'close') return close(call.port)
    for (const index of servers.keys()) await close(index)
    return engine.close()
  }
  process.on('message', (call: Call) => {
    void answer(call).then(result => {
      tell({ id: call.id, result: result ?? null })
      // The engine's threads would keep the process alive.
      if (call.name === 'stop') process.disconnect()
    })
  })
  tell({ ports })
}

// Its parent has ended.
process.once('disconnect', () => process.exit(0))
await main(JSON.parse(process.argv[2] ?? '') as FrontStart)

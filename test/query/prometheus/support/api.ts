/** The query server over the real engine, asked as clients of Prometheus ask. */
import type { Access } from '../../../../core/auth/access.ts'
import type { Broker } from '../../../../core/broker/broker.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { EventBus } from '../../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../../core/catalogue/events/logger.ts'
import { createQueryServer } from '../../../../query/server.ts'
import { openTestWarehouse, type TestWarehouse } from '../../support/warehouse.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: {
    readonly status: string
    readonly data: unknown
    readonly errorType?: string
    readonly error?: string
    readonly warnings?: readonly string[]
  }
}

export interface VectorElement {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface Api {
  readonly store: TestWarehouse
  readonly base: string
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answered>
  post(path: string, form: Readonly<Record<string, string>>): Promise<Answered>
  /** An instant query at a time in seconds. */
  vector(query: string, time: number): Promise<readonly VectorElement[]>
  close(): Promise<void>
}

export async function openApi(options: {
  readonly nowMs: number
  readonly config?: unknown
  readonly access?: Access
}): Promise<Api> {
  const store = await openTestWarehouse()
  const server = createQueryServer({
    config: configSchema.parse(options.config ?? {}),
    warehouse: store.warehouse,
    broker: { lag: async () => [] } as unknown as Broker,
    events: new EventBus(createLogger('error')),
    readiness: async () => ({}),
    page: new Map(),
    version: '0',
    started: new Date(0),
    now: () => options.nowMs,
    ...(options.access ? { access: options.access } : {}),
  })
  const base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
  const read = async (answer: Response): Promise<Answered> => {
    const text = await answer.text()
    const body = text.startsWith('{') ? (JSON.parse(text) as Answered['body']) : { status: '', data: null }
    return { status: answer.status, headers: answer.headers, text, body }
  }
  const get: Api['get'] = async (path, headers = {}) => read(await fetch(base + path, { headers }))
  return {
    store,
    base,
    get,
    post: async (path, form) =>
      read(await fetch(base + path, { method: 'POST', body: new URLSearchParams(form) })),
    async vector(query, time) {
      const { status, text, body } = await get(
        `/api/v1/query?query=${encodeURIComponent(query)}&time=${time}`,
      )
      if (status !== 200) throw new Error(`${status} ${text}`)
      const { result } = body.data as {
        result: readonly { metric: Record<string, string>; value: [number, string] }[]
      }
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async close() {
      await server.stop()
      await store.close()
    },
  }
}

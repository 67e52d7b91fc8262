import { inWorld } from '../isolation.ts'
import { type Asker, LIMITED, SECRET, WHOLE } from '../worlds.ts'
import { BOOKS, SHARED_IDLE } from './books.ts'
import { clickhouseKinds, KILLS } from './clickhouse.ts'
import { Draw } from './draw.ts'
import { OPENSTACK } from './openstack.ts'
import { PROMQL } from './promql.ts'
import type { HostileRequest, RequestKind } from './request.ts'
import { type Served, serve } from './served.ts'
import { TRACES } from './traces.ts'
import { fillForRoutes } from './world.ts'

/** All kinds of requests. A group of routes that is added gets a kind here; until then `any other route` asks it. */
export const requestKinds = (seed: number, asker: Asker): readonly RequestKind[] => [
  ...PROMQL,
  ...TRACES,
  ...BOOKS,
  ...OPENSTACK,
  ...(asker.accounts === null ? [SHARED_IDLE] : []),
  ...clickhouseKinds(seed),
]

/** A request, and whether the other tenant sends the same one before. */
export interface Attack {
  readonly request: HostileRequest
  readonly isAskedByOthers: boolean
}

/** The same for the same seed and routes, so that both worlds are asked the same. */
export function attacksOf(
  kinds: readonly RequestKind[],
  routes: readonly string[],
  { seed, perKind }: { readonly seed: number; readonly perKind: number },
): readonly Attack[] {
  return kinds.flatMap((kind, index) => {
    const draw = new Draw(seed * 1_000 + index)
    return Array.from({ length: perKind }, () => ({
      request: kind.make(draw, routes),
      isAskedByOthers: draw.chance(0.2),
    }))
  })
}

export interface RouteLeak {
  readonly request: HostileRequest
  readonly alone: string
  readonly mixed: string
}

export interface RouteResult {
  readonly attacks: readonly Attack[]
  readonly leaks: readonly RouteLeak[]
  /** Answers with status 200, or without an error. */
  readonly answered: number
  /** Requests whose answer for the other tenant, who has rows in one world only, differs between the worlds. */
  readonly seenByOthers: readonly HostileRequest[]
  readonly routes: readonly string[]
  /** Whether a statement of the other tenant was stopped by the caller's KILL QUERY. */
  readonly wasKilled: boolean
}

interface Answers {
  readonly mine: readonly string[]
  /** Of those that are asked by others, by index. */
  readonly theirs: ReadonlyMap<number, string>
  readonly routes: readonly string[]
  readonly wasKilled: boolean
}

/** Both worlds, and their differences. */
export async function attackRoutes(
  asker: Asker,
  options: { readonly seed: number; readonly perKind: number; readonly only?: RegExp },
): Promise<RouteResult> {
  const kinds = requestKinds(options.seed, asker).filter(({ name }) => options.only?.test(name) ?? true)
  const run = (isMixed: boolean): Promise<Answers> =>
    inWorld(
      asker,
      isMixed,
      async warehouse => await askAll(await serve(warehouse, asker), kinds, { ...options, isMixed }),
      { fillWith: fillForRoutes },
    )
  const alone = await run(false)
  const mixed = await run(true)
  const attacks = attacksOf(kinds, mixed.routes, options)
  const requests = [...attacks.map(({ request }) => request), ...KILLS]
  const leaks = requests.flatMap((request, index) => {
    const [before = '', after = ''] = [alone.mine[index], mixed.mine[index]]
    return before === after && !tellsHidden(after, request) ? [] : [{ request, alone: before, mixed: after }]
  })
  return {
    attacks,
    leaks,
    answered: mixed.mine.filter(answer => /^(200 |\[)/.test(answer)).length,
    seenByOthers: attacks
      .filter((_, index) => mixed.theirs.get(index) !== alone.theirs.get(index))
      .map(({ request }) => request),
    routes: mixed.routes,
    wasKilled: mixed.wasKilled,
  }
}

async function askAll(
  served: Served,
  kinds: readonly RequestKind[],
  options: { readonly seed: number; readonly perKind: number; readonly isMixed: boolean },
): Promise<Answers> {
  const mine: string[] = []
  const theirs = new Map<number, string>()
  try {
    for (const [index, { request, isAskedByOthers }] of attacksOf(kinds, served.routes, options).entries()) {
      if (isAskedByOthers) theirs.set(index, await served.ask('theirs', request))
      mine.push(await served.ask('mine', request))
    }
    const running = options.isMixed ? await served.runTheirs() : undefined
    for (const request of KILLS) mine.push(await served.ask('mine', request))
    const wasKilled = running?.wasKilled() ?? false
    running?.stop()
    return { mine, theirs, routes: served.routes, wasKilled }
  } finally {
    await served.close()
  }
}

/** Texts of hidden rows; names that the request itself has may be repeated in the answer. */
function tellsHidden(answer: string, { path, body, message }: HostileRequest): boolean {
  const asked = decodeURIComponent(path.replaceAll('+', ' ')) + textOf(body) + JSON.stringify(message ?? {})
  const names = answer.match(new RegExp(`${SECRET}-\\d+|f{12}\\d{4}|f{28}\\d{4}`, 'g')) ?? []
  return names.some(name => !asked.toLowerCase().includes(name.toLowerCase()))
}

const textOf = (body: HostileRequest['body']): string =>
  body === undefined
    ? ''
    : decodeURIComponent(
        Buffer.from(body)
          .toString('latin1')
          .replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25'),
      )

/** A leak for people. */
export function shownLeak({ request, alone, mixed }: RouteLeak): string {
  // Heads and columns are long: what differs first is what matters.
  let from = 0
  while (from < alone.length && alone[from] === mixed[from]) from += 1
  const around = (text: string): string => text.slice(Math.max(0, from - 300), from + 1_000)
  const { kind, listener, method, path, body, message } = request
  const sent = body === undefined ? JSON.stringify(message ?? '') : Buffer.from(body).toString('latin1')
  return `${kind}: ${listener} ${method} ${path} ${sent}\n  alone, at ${from}: ${around(alone)}\n  mixed: ${around(mixed)}`
}

/** The long run. @throws if anything leaked */
export async function routeIsolation(options: {
  readonly seed: number
  readonly perKind: number
  readonly say: (line: string) => void
}): Promise<void> {
  for (const asker of [WHOLE, LIMITED]) {
    const { attacks, leaks, answered, wasKilled } = await attackRoutes(asker, options)
    options.say(
      `${asker.name}: ${attacks.length} requests, ${answered} answered with rows or none, ${leaks.length} leaks`,
    )
    for (const leak of leaks.slice(0, 20)) options.say(shownLeak(leak))
    if (leaks.length > 0) throw new Error(`${leaks.length} requests told of rows of others.`)
    if (wasKilled) throw new Error('KILL QUERY stopped a statement of another tenant.')
  }
}

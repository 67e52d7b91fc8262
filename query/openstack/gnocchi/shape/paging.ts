/** Sorted pages: `limit`, `marker`, `sort`, and the address of the next page in header Link (RFC 8288). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { multiple, type RawQuery, single } from '../../../http/parameters.ts'
import { GnocchiError } from '../model/failure.ts'

/** Items of a page without a limit, and at most. */
const PAGE_MAX = 1_000

/** What pages are made of. */
interface Pages<Item> {
  readonly items: readonly Item[]
  readonly idOf: (item: Item) => string
  /** The value of an attribute; undefined: there is no such attribute. */
  readonly valueOf: (item: Item, attribute: string) => string | null | undefined
  /** Attributes that can be sorted by. */
  readonly attributes: readonly string[]
  /** Sorted by these first where nothing is asked for. */
  readonly sort: readonly string[]
}

/** The page that is asked for. Sets header Link where others may follow. @throws GnocchiError */
export function pageOf<Item>(
  asked: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly query: RawQuery },
  pages: Pages<Item>,
): readonly Item[] {
  const limit = limitOf(asked.query)
  const wanted = multiple(asked.query, 'sort')
  const sort = (wanted.length === 0 ? pages.sort : wanted).map(text => sortKey(text, pages.attributes))
  const sorted = pages.items.toSorted((a, b) => compareBy(sort, pages, a, b))
  const marker = single(asked.query, 'marker')
  let first = 0
  if (marker !== undefined && marker !== '') {
    const place = sorted.findIndex(item => pages.idOf(item) === marker.toLowerCase())
    if (place < 0) throw invalidPagination(`Invalid marker: ${marker.slice(0, 100)}`)
    first = place + 1
  }
  const page = sorted.slice(first, first + limit)
  const last = page.at(-1)
  if (last !== undefined && page.length >= limit) setNext(asked, pages.idOf(last), limit)
  return page
}

const invalidPagination = (reason: string): GnocchiError =>
  new GnocchiError(400, `Invalid pagination: \`${reason}'`)

function limitOf(query: RawQuery): number {
  const text = single(query, 'limit')
  if (text === undefined || text === '') return PAGE_MAX
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1)
    throw new GnocchiError(400, {
      cause: 'Argument value error',
      reason: "value must be at least 1 for dictionary value @ data['limit']",
    })
  return Math.min(limit, PAGE_MAX)
}

interface SortKey {
  readonly attribute: string
  readonly isDescending: boolean
  readonly nullsFirst: boolean
}

/** `attribute`, `attribute:desc` or `attribute:desc-nullsfirst`. */
function sortKey(text: string, attributes: readonly string[]): SortKey {
  const [attribute = '', order = 'asc', ...rest] = text.split(':')
  const found = /^(asc|desc)(-nullsfirst|-nullslast)?$/.exec(order)
  if (found === null || rest.length > 0) throw invalidPagination(`sort \`${text.slice(0, 100)}'`)
  if (!attributes.includes(attribute))
    throw invalidPagination(`Sort key supplied is invalid: ${attribute.slice(0, 100)}`)
  const isDescending = found[1] === 'desc'
  return { attribute, isDescending, nullsFirst: found[2] === '-nullsfirst' }
}

function compareBy<Item>(sort: readonly SortKey[], pages: Pages<Item>, a: Item, b: Item): number {
  for (const { attribute, isDescending, nullsFirst } of sort) {
    const [one, other] = [pages.valueOf(a, attribute) ?? null, pages.valueOf(b, attribute) ?? null]
    if (one === other) continue
    if (one === null || other === null) return (one === null) === nullsFirst ? -1 : 1
    return one < other === isDescending ? 1 : -1
  }
  return pages.idOf(a) < pages.idOf(b) ? -1 : 1
}

/** Parameters in alphabetical order, as Gnocchi writes them. */
function setNext(
  {
    request,
    reply,
    query,
  }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly query: RawQuery },
  marker: string,
  limit: number,
): void {
  const options: Record<string, readonly string[]> = {}
  for (const [name, value] of Object.entries(query)) options[name] = [value ?? []].flat()
  options['limit'] = [String(limit)]
  options['marker'] = [marker]
  const parameters = new URLSearchParams(
    Object.entries(options)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, values]) => values.map(value => [name, value])),
  )
  const path = request.url.split('?')[0]!
  reply.header('link', `<${request.protocol}://${request.host}${path}?${parameters}>; rel="next"`)
}

/** The OpenAPI document: from the routes that are served, what is said about each, and the types of answers. Pure. */

import { readFileSync } from 'node:fs'
import type { JsonObject } from '../../core/model/json.ts'
import { BOOK_OPERATIONS } from './books.ts'
import { FACTOR_OPERATIONS } from './factors.ts'
import { INSTANCE_OPERATIONS } from './instance.ts'
import { OPENSTACK_OPERATIONS } from './openstack.ts'
import type { BodyMember, Operation, QueryParameter } from './operation.ts'
import { TRACE_OPERATIONS } from './traces.ts'

/** What is said about routes, by method and path. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...BOOK_OPERATIONS,
  ...FACTOR_OPERATIONS,
  ...INSTANCE_OPERATIONS,
  ...TRACE_OPERATIONS,
  ...OPENSTACK_OPERATIONS,
}

/** A route as it is served. */
export interface ServedRoute {
  readonly method: string
  /** With `:name` for a part of the path. */
  readonly url: string
  /** Scope that a token needs; null: open to everyone. */
  readonly scope: string | null
}

/** Schemas of answers, generated from core/api by `npm run docs`. */
const readSchemas = (): JsonObject =>
  JSON.parse(readFileSync(new URL('answers.json', import.meta.url), 'utf8')) as JsonObject

/** Methods that OpenAPI knows; HEAD is that of GET. */
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']

/** OpenAPI 3.1 of these routes. A route about which nothing is said is described by its path and access. */
export function openApiDocument(routes: readonly ServedRoute[], version: string): JsonObject {
  const schemas = readSchemas()
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes.filter(({ method }) => METHODS.includes(method))) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(route, path)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Wattline',
      version,
      description:
        'Energy, carbon and cost that add up. Integers of 64 bits and more are decimal strings, null is unknown, and times are ISO 8601 UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Where tokens are configured.' },
      },
      responses: {
        problem: {
          description: 'What is wrong, and what to do',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

function operationOf({ method, url, scope }: ServedRoute, path: string): JsonObject {
  const said: Operation = OPERATIONS[`${method} ${url}`] ?? { summary: `${method} ${path}` }
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(said.query ?? {}).map(queryParameter),
  ]
  return {
    operationId: idOf(method, path),
    summary: said.summary,
    tags: [tagOf(path)],
    ...(scope === null ? { security: [] } : { security: [{ token: [] }], 'x-scope': scope }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(said.body === undefined ? {} : { requestBody: bodyOf(said.body) }),
    responses: {
      [said.status ?? 200]: { description: said.summary, content: contentOf(said.answer) },
      default: { $ref: '#/components/responses/problem' },
    },
  }
}

/** `get_api_v1_invoices_id`; paths that differ only in their last slash get a mark. */
const idOf = (method: string, path: string): string =>
  `${method.toLowerCase()}${path
    .replace(/\/$/, '_root')
    .replaceAll(/[^\w]+/g, '_')
    .replace(/_$/, '')}`

function tagOf(path: string): string {
  const [first = '', second, third] = path.split('/').slice(1)
  return (first === 'api' ? third : first === 'model' ? second : first) || 'page'
}

const queryParameter = ([name, { description, values, isInteger, isRequired }]: [
  string,
  QueryParameter,
]): JsonObject => ({
  name,
  in: 'query',
  description,
  ...(isRequired === true ? { required: true } : {}),
  schema:
    isInteger === true
      ? { type: 'integer' }
      : { type: 'string', ...(values === undefined ? {} : { enum: values }) },
})

function bodyOf(members: Readonly<Record<string, BodyMember>>): JsonObject {
  const required = Object.entries(members).flatMap(([name, { isRequired }]) =>
    isRequired === true ? [name] : [],
  )
  const properties = Object.fromEntries(
    Object.entries(members).map(([name, { type, description }]) => [
      name,
      { type, description, ...(type === 'array' ? { items: {} } : {}) },
    ]),
  )
  return {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object', properties, ...(required.length === 0 ? {} : { required }) },
      },
    },
  }
}

function contentOf(answer: Operation['answer']): JsonObject {
  const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })
  if (answer === undefined) return { 'application/json': { schema: {} } }
  if (typeof answer === 'string') return { 'application/json': { schema: ref(answer) } }
  if ('list' in answer) return { 'application/json': { schema: { type: 'array', items: ref(answer.list) } } }
  return { [answer.media]: { schema: { type: 'string' } } }
}

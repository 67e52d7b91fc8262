/** A request for each route of Gnocchi's and CloudKitty's APIs that answers with rows of the ledger, if it may. */
import { metricUuid, resourceUuid } from '../../../query/openstack/gnocchi/model/uuids.ts'

const HOST = 'host%3Ahost-of-shop'
const NAME = 'wattline_energy_joules'
const METRIC = metricUuid(resourceUuid('host:host-of-shop', 'shop'), NAME)

const QUESTIONS: Readonly<Record<string, readonly [route: string, body?: string]>> = {
  'GET /v1/metric/:id': [`GET /v1/metric/${METRIC}`],
  'GET /v1/metric/:id/measures': [`GET /v1/metric/${METRIC}/measures?granularity=60`],
  'GET /v1/resource/:resource_type': ['GET /v1/resource/generic?details=true'],
  'GET /v1/resource/:resource_type/:id': [`GET /v1/resource/host/${HOST}`],
  'GET /v1/resource/:resource_type/:id/history': [`GET /v1/resource/host/${HOST}/history`],
  'GET /v1/resource/:resource_type/:id/metric': [`GET /v1/resource/host/${HOST}/metric`],
  'GET /v1/resource/:resource_type/:id/metric/:name': [`GET /v1/resource/host/${HOST}/metric/${NAME}`],
  'GET /v1/resource/:resource_type/:id/metric/:name/measures': [
    `GET /v1/resource/host/${HOST}/metric/${NAME}/measures?granularity=60`,
  ],
  'GET /v1/resource_type/:resource_type': ['GET /v1/resource_type/host'],
  'POST /v1/search/resource/:resource_type': ['POST /v1/search/resource/generic', ''],
  'POST /v1/aggregates': [
    'POST /v1/aggregates?granularity=60',
    JSON.stringify({ operations: `(metric ${NAME} sum)`, resource_type: 'generic', search: {} }),
  ],
  'POST /v1/aggregates/': [
    'POST /v1/aggregates/?granularity=60',
    JSON.stringify({ operations: `(metric ${METRIC} sum)` }),
  ],
  'GET /v1/aggregation/metric': [`GET /v1/aggregation/metric?metric=${METRIC}`],
  'POST /v1/aggregation/metric': ['POST /v1/aggregation/metric', JSON.stringify([METRIC])],
  'POST /v1/aggregation/resource/:resource_type/metric/:name': [
    `POST /v1/aggregation/resource/generic/metric/${NAME}`,
    '{}',
  ],
  'GET /v1/archive_policy/:name': ['GET /v1/archive_policy/wattline'],
  'GET /v1/archive_policy_rule/:name': ['GET /v1/archive_policy_rule/wattline'],
  'GET /v2/summary': ['GET /v2/summary?groupby=project_id,id,host,name'],
}

const withPrefix = (text: string, prefix: string): string => text.replace(' /', ` ${prefix}/`)

/** By route, as the server names it. */
export const OPENSTACK_QUESTIONS: Readonly<Record<string, readonly [route: string, body?: string]>> =
  Object.fromEntries(
    Object.entries(QUESTIONS).flatMap(([route, [question, body]]) => {
      const home = route.includes('/v1/') ? '/gnocchi' : '/cloudkitty'
      return ['', home].map(prefix => {
        const asked = withPrefix(question, prefix)
        return [withPrefix(route, prefix), body === undefined ? [asked] : [asked, body]] as const
      })
    }),
  )

/** Whether a route is one of these APIs: they need no more than scope read. */
export const isOpenStackRoute = (route: string): boolean =>
  /^\w+ (\/gnocchi|\/cloudkitty|\/identity\/v3\/|(?=\/v[12]\/))/.test(route)

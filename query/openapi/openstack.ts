/** What is said about the routes of OpenStack's APIs. */
import { count, needed, type Operation, oneOf, text } from './operation.ts'

const page = {
  limit: count('Items of a page; 1,000 without it'),
  marker: text('Id of the last item of the page before'),
  sort: text('`attribute:asc` or `attribute:desc`, several times'),
}
const span = {
  start: text('ISO time, unix seconds, or relative such as -1h'),
  stop: text('The same'),
  granularity: text('Seconds of a bucket, or a span such as 5 minutes'),
}
const measures = {
  ...span,
  aggregation: text('Method, such as mean or rate:max'),
  resample: text('Span of coarser buckets'),
  refresh: text('Nothing waits to be aggregated'),
}
const across = {
  fill: text('A number, null, dropna, ffill, bfill, full_ffill or full_bfill'),
  needed_overlap: text('Percentage of times that all metrics must have'),
}
const rated = {
  begin: text('ISO time; the start of the month without it'),
  end: text('ISO time; the end of the month without it'),
  filters: text('`attribute:value`, several times or with commas'),
  offset: count('Index of the first row'),
  limit: count('Rows; 100 without it'),
}

const GNOCCHI: Readonly<Record<string, Operation>> = {
  'GET /v1/metric': { summary: 'Metrics, for Gnocchi', query: page },
  'GET /v1/metric/:id': { summary: 'One metric, for Gnocchi' },
  'GET /v1/metric/:id/measures': { summary: 'Measures of a metric, for Gnocchi', query: measures },
  'GET /v1/resource/:resource_type': { summary: 'Resources of a type, for Gnocchi', query: page },
  'GET /v1/resource/:resource_type/:id': { summary: 'One resource, for Gnocchi' },
  'GET /v1/resource/:resource_type/:id/metric/:name/measures': {
    summary: 'Measures of a metric by its name, for Gnocchi',
    query: measures,
  },
  'POST /v1/search/resource/:resource_type': {
    summary: 'Resources that a filter finds, for Gnocchi',
    query: { ...page, filter: text('The filter as text, instead of the body') },
  },
  'POST /v1/aggregates': {
    summary: 'Operations over measures of several metrics, for Gnocchi',
    query: { ...span, ...across, groupby: text('Attribute of resources, several times') },
  },
  'GET /v1/aggregation/metric': {
    summary: 'Measures aggregated across metrics, for Gnocchi',
    query: { metric: needed('Id, several times'), ...measures, ...across, reaggregation: text('Method') },
  },
}

const CLOUDKITTY: Readonly<Record<string, Operation>> = {
  'GET /v2/summary': {
    summary: 'Quantity and cost by groups, for CloudKitty',
    query: {
      ...rated,
      groupby: text('Attributes, type, time, several times or with commas'),
      response_format: oneOf('Form of the rows', 'table', 'object'),
    },
  },
  'GET /v2/dataframes': { summary: 'Usage and cost by workload and hour, for CloudKitty', query: rated },
  'GET /v2/scope': { summary: 'Accounts, for CloudKitty' },
}

const KEYSTONE: Readonly<Record<string, Operation>> = {
  'GET /identity': { summary: 'Versions of the API, for clients of Keystone' },
  'GET /identity/v3': { summary: 'The version of the API, for clients of Keystone' },
  'POST /identity/v3/auth/tokens': {
    summary: 'The token that is presented as password, as a token of Keystone, with the catalogue',
  },
  'GET /identity/v3/auth/tokens': {
    summary: 'Whether the token of the caller holds, for clients of Keystone',
  },
  'GET /identity/v3/auth/catalog': { summary: 'Addresses of the services, for clients of Keystone' },
}

const below = (home: string, operations: Readonly<Record<string, Operation>>) =>
  Object.fromEntries(
    Object.entries(operations).flatMap(([route, said]) => [
      [route, said] as const,
      [route.replace(' /', ` ${home}/`), said] as const,
    ]),
  )

/** By method and path. */
export const OPENSTACK_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...below('/gnocchi', GNOCCHI),
  ...below('/cloudkitty', CLOUDKITTY),
  ...KEYSTONE,
}

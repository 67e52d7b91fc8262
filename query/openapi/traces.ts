/** What is said about the routes of traces in other tools' languages. */
import { count, needed, type Operation, oneOf, text } from './operation.ts'

const SCOPES = ['resource', 'span', 'event', 'link', 'intrinsic'] as const
const times = { start: count('Unix seconds'), end: count('Unix seconds') }
const search = {
  service: text('Service of the spans'),
  operation: text('Name of the spans'),
  tags: text('JSON object of tags that a span must have'),
  tag: text('`key:value`, several times'),
  start: count('Unix microseconds'),
  end: count('Unix microseconds'),
  minDuration: text('Such as 100ms'),
  maxDuration: text('Such as 2s'),
  limit: count('Traces; 100 without it'),
  traceID: text('Id of a trace, several times, instead of a search'),
}

/** By method and path. */
export const TRACE_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /api/v1/service-map': {
    summary:
      'Services and operations with rate, errors, duration, energy, carbon and cost, and the calls between them',
    query: { window: text('Duration, name, or FROM,TO') },
    answer: 'ServiceMapAnswer',
  },
  'GET /jaeger/api/services': { summary: 'Services, for Jaeger' },
  'GET /jaeger/api/services/:service/operations': {
    summary: 'Names of the operations of a service, for Jaeger',
  },
  'GET /jaeger/api/operations': {
    summary: 'Operations of a service, for Jaeger',
    query: { service: needed('Service'), spanKind: text('Such as server') },
  },
  'GET /jaeger/api/traces': { summary: 'Search of traces, for Jaeger', query: search },
  'GET /jaeger/api/traces/:id': { summary: 'One trace, for Jaeger' },
  'GET /jaeger/api/dependencies': {
    summary: 'Calls between services, for Jaeger',
    query: { endTs: count('Unix milliseconds'), lookback: count('Milliseconds') },
  },
  'GET /jaeger/api/v3/services': { summary: 'Services, for version 3 of Jaeger' },
  'GET /jaeger/api/v3/operations': {
    summary: 'Operations of a service, for version 3 of Jaeger',
    query: { service: needed('Service'), span_kind: text('Such as server') },
  },
  'GET /jaeger/api/v3/traces': { summary: 'Search of traces as OTLP, for version 3 of Jaeger' },
  'GET /jaeger/api/v3/traces/:id': { summary: 'One trace as OTLP, for version 3 of Jaeger' },
  'GET /tempo/api/search': {
    summary: 'Search of traces by TraceQL, for Tempo',
    query: {
      q: text('TraceQL'),
      limit: count('Traces; 20 without it'),
      spss: count('Spans of each trace'),
      ...times,
    },
  },
  'GET /tempo/api/traces/:id': { summary: 'One trace as protobuf or JSON, for Tempo' },
  'GET /tempo/api/v2/traces/:id': { summary: 'One trace as protobuf or JSON, for version 2 of Tempo' },
  'GET /tempo/api/search/tags': { summary: 'Names of attributes, for Tempo', query: times },
  'GET /tempo/api/v2/search/tags': {
    summary: 'Names of attributes by scope, for Tempo',
    query: { scope: oneOf('Of one scope', ...SCOPES), ...times },
  },
  'GET /tempo/api/search/tag/:tag/values': { summary: 'Values of an attribute, for Tempo', query: times },
  'GET /tempo/api/v2/search/tag/:tag/values': {
    summary: 'Values of an attribute with their types, for Tempo',
    query: { q: text('TraceQL: of spans that fit'), ...times },
  },
}

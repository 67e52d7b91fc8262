import { forgetConstants } from './constants'
import { REQUEST, RESOURCE_SPANS, SCOPE_SPANS } from './numbers'
import { position, Reader, skip } from './reader'
import { batch } from './request'
import { beginResource, readResource, takeResource } from './resource'
import { beginScope, readScope } from './scope'
import { readSpan } from './span'
import { ExportTraceServiceRequestTag, Fields, ResourceSpansTag, ScopeSpansTag } from './tags'
import { forgetTypes } from './types'

/** Reads an ExportTraceServiceRequest up to `end` into the batch of the current request. */
export function readRequest(end: usize): void {
  forgetConstants()
  forgetTypes()
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ExportTraceServiceRequestTag.resourceSpans) readResourceSpans(Reader.length(end))
    else skip(tag, end, Fields.ExportTraceServiceRequest)
    Reader.enter(REQUEST)
  }
}

/** Go senders write a resource after its spans, so a first pass looks for the description. */
function readResourceSpans(end: usize): void {
  const start = position
  beginResource()
  Reader.enter(RESOURCE_SPANS)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ResourceSpansTag.resource) {
      readResource(Reader.length(end))
      Reader.enter(RESOURCE_SPANS)
    } else if (tag === ResourceSpansTag.scopeSpans || tag === ResourceSpansTag.schemaUrl)
      Reader.moveTo(Reader.length(end))
    else skip(tag, end, Fields.ResourceSpans)
  }
  takeResource()
  Reader.moveTo(start)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ResourceSpansTag.scopeSpans) {
      const stop = Reader.length(end)
      readScopeSpans(stop)
      Reader.moveTo(stop)
      Reader.enter(RESOURCE_SPANS)
    } else skip(tag, end, 0)
  }
}

function readScopeSpans(end: usize): void {
  const start = position
  beginScope()
  Reader.enter(SCOPE_SPANS)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ScopeSpansTag.scope) {
      readScope(Reader.length(end))
      Reader.enter(SCOPE_SPANS)
    } else if (tag === ScopeSpansTag.spans || tag === ScopeSpansTag.schemaUrl)
      Reader.moveTo(Reader.length(end))
    else skip(tag, end, Fields.ScopeSpans)
  }
  // Spans have no column for attributes of their scope: they are read for the limits and discarded.
  batch.spanAttributes.truncate(batch.rows)
  Reader.moveTo(start)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ScopeSpansTag.spans) {
      const stop = Reader.length(end)
      readSpan(stop)
      Reader.moveTo(stop)
      Reader.enter(SCOPE_SPANS)
    } else skip(tag, end, 0)
  }
}

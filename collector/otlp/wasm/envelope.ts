import { forgetConstants } from './constants'
import { position, REQUEST, RESOURCE_SPANS, Reader, SCOPE_SPANS, skip } from './reader'
import { batch } from './request'
import { beginResource, readResource, takeResource } from './resource'
import { beginScope, readScope } from './scope'
import { readSpan } from './span'

/** Reads an ExportTraceServiceRequest up to `end`, into the batch of the request in hand. */
export function readRequest(end: usize): void {
  forgetConstants()
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === 0x0a) readResourceSpans(Reader.length(end))
    else skip(tag, end, 0b10)
    Reader.enter(REQUEST)
  }
}

/** Senders in Go write a resource after its spans, so a first pass looks for what describes them. */
function readResourceSpans(end: usize): void {
  const start = position
  beginResource()
  Reader.enter(RESOURCE_SPANS)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === 0x0a) {
      readResource(Reader.length(end))
      Reader.enter(RESOURCE_SPANS)
    } else if (tag === 0x12 || tag === 0x1a) Reader.moveTo(Reader.length(end))
    else skip(tag, end, 0b1110)
  }
  takeResource()
  Reader.moveTo(start)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === 0x12) {
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
    if (tag === 0x0a) {
      readScope(Reader.length(end))
      Reader.enter(SCOPE_SPANS)
    } else if (tag === 0x12 || tag === 0x1a) Reader.moveTo(Reader.length(end))
    else skip(tag, end, 0b1110)
  }
  // Spans have no column for attributes of their scope: they are read for the bounds and let go.
  batch.attributes.truncate(batch.rows)
  Reader.moveTo(start)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === 0x12) {
      const stop = Reader.length(end)
      readSpan(stop)
      Reader.moveTo(stop)
      Reader.enter(SCOPE_SPANS)
    } else skip(tag, end, 0)
  }
}

import { forgetConstants } from './constants'
import { enter, moveTo, position, REQUEST, RESOURCE_SPANS, readLength, readTag, SCOPE_SPANS, skip } from './reader'
import { batch } from './request'
import { beginResource, readResource, takeResource } from './resource'
import { beginScope, readScope } from './scope'
import { readSpan } from './span'

/** Reads an ExportTraceServiceRequest up to `end`, into the batch of the request in hand. */
export function readRequest(end: usize): void {
  forgetConstants()
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x0a) readResourceSpans(readLength(end))
    else skip(tag, end, 0b10)
    enter(REQUEST)
  }
}

/** Senders in Go write a resource after its spans, so a first pass looks for what describes them. */
function readResourceSpans(end: usize): void {
  const start = position
  beginResource()
  enter(RESOURCE_SPANS)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x0a) {
      readResource(readLength(end))
      enter(RESOURCE_SPANS)
    } else if (tag === 0x12 || tag === 0x1a) moveTo(readLength(end))
    else skip(tag, end, 0b1110)
  }
  takeResource()
  moveTo(start)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x12) {
      const stop = readLength(end)
      readScopeSpans(stop)
      moveTo(stop)
      enter(RESOURCE_SPANS)
    } else skip(tag, end, 0)
  }
}

function readScopeSpans(end: usize): void {
  const start = position
  beginScope()
  enter(SCOPE_SPANS)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x0a) {
      readScope(readLength(end))
      enter(SCOPE_SPANS)
    } else if (tag === 0x12 || tag === 0x1a) moveTo(readLength(end))
    else skip(tag, end, 0b1110)
  }
  // Spans have no column for attributes of their scope: they are read for the bounds and let go.
  batch.attributes.truncate(batch.rows)
  moveTo(start)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x12) {
      const stop = readLength(end)
      readSpan(stop)
      moveTo(stop)
      enter(SCOPE_SPANS)
    } else skip(tag, end, 0)
  }
}

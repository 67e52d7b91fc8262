import { cutAttributes, readAttribute } from './attributes'
import { kindId, statusId } from './constants'
import { ABSENT, Id, MISSHAPEN } from './ids'
import { LINK_ID_INVALID, PARENT_SPAN_ID_INVALID, SPAN, SPAN_ID_INVALID, TRACE_ID_INVALID } from './numbers'
import { position, Reader, skip } from './reader'
import { accept, batch, refuse, tenantId, timeProblem } from './request'
import { serviceId, writeResource } from './resource'
import { writeScope } from './scope'
import {
  beginParts,
  linkMisshapen,
  messageFrom,
  messageLength,
  readEvent,
  readLink,
  readStatus,
  statusCode,
} from './span-parts'
import { Fields, SpanTag } from './tags'
import { writeTypes } from './types'

// The current span: positions in the body, times.
let traceId: usize = 0
let spanId: usize = 0
let parentId: usize = 0
let state: usize = 0
let stateLength: u32 = 0
let name: usize = 0
let nameLength: u32 = 0
let kind: u32 = 0
let startNano: u64 = 0
let endNano: u64 = 0
let dropped: u32 = 0
/** A guess for the id of the next name. */
let nameHint: u32 = 0

/** Reads the span that ends at `end` into a row, or rejects it. */
export function readSpan(end: usize): void {
  const cutBefore = cutAttributes
  readFields(end)
  const problem = problemOf()
  if (problem >= 0) {
    refuse(problem)
    batch.truncate(batch.rows)
    return
  }
  write(<u64>dropped + (cutAttributes - cutBefore))
  accept()
}

function readFields(end: usize): void {
  let attributes: u32 = 0
  traceId = ABSENT
  spanId = ABSENT
  parentId = ABSENT
  stateLength = 0
  nameLength = 0
  kind = 0
  startNano = 0
  endNano = 0
  dropped = 0
  beginParts()
  Reader.enter(SPAN)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    // In order of frequency.
    if (tag === SpanTag.attributes) {
      readAttribute(end, batch.spanAttributes, attributes)
      attributes += 1
    } else if (tag === SpanTag.traceId) traceId = Id.read(end, 16)
    else if (tag === SpanTag.spanId) spanId = Id.read(end, 8)
    else if (tag === SpanTag.parentSpanId) parentId = Id.read(end, 8)
    else if (tag === SpanTag.name) {
      const stop = Reader.length(end)
      name = position
      nameLength = <u32>(stop - name)
      Reader.moveTo(stop)
    } else if (tag === SpanTag.kind) kind = <u32>Reader.varint(end)
    else if (tag === SpanTag.startTimeUnixNano) startNano = Reader.fixed64(end)
    else if (tag === SpanTag.endTimeUnixNano) endNano = Reader.fixed64(end)
    else if (tag === SpanTag.status) readStatus(end)
    else if (tag === SpanTag.events) readEvent(end)
    else readRareField(tag, end)
  }
}

function readRareField(tag: u32, end: usize): void {
  if (tag === SpanTag.traceState) {
    const stop = Reader.length(end)
    state = position
    stateLength = <u32>(stop - state)
    Reader.moveTo(stop)
  } else if (tag === SpanTag.droppedAttributesCount) dropped = <u32>Reader.varint(end)
  else if (tag === SpanTag.links) readLink(end)
  // Counts of dropped events and links have no column; neither have the flags, a fixed32 in field 16.
  else if (tag === SpanTag.droppedEventsCount || tag === SpanTag.droppedLinksCount) Reader.varint(end)
  else skip(tag, end, tag === SpanTag.flags ? 0 : Fields.Span)
}

/** The reason to reject the span, or -1. */
function problemOf(): i32 {
  if (traceId <= MISSHAPEN) return TRACE_ID_INVALID
  if (spanId <= MISSHAPEN) return SPAN_ID_INVALID
  if (parentId === MISSHAPEN) return PARENT_SPAN_ID_INVALID
  if (linkMisshapen) return LINK_ID_INVALID
  return timeProblem(startNano, endNano)
}

function write(droppedAttributes: u64): void {
  batch.reserveRow()
  const rows = <usize>batch.rows
  batch.tenant.append(tenantId)
  store<u64>(batch.timestamp.at + (rows << 3), startNano)
  // 0 when a clock ran backwards or there is no end.
  store<u64>(batch.duration.at + (rows << 3), endNano > startNano ? endNano - startNano : 0)
  store<u32>(batch.droppedAttributesCount.at + (rows << 2), <u32>min(droppedAttributes, u32.MAX_VALUE))
  batch.traceId.append(traceId)
  batch.spanId.append(spanId)
  batch.parentSpanId.append(parentId)
  batch.traceState.append(state, stateLength)
  nameHint = batch.spanName.intern(name, nameLength, nameHint)
  batch.spanName.append(nameHint)
  batch.spanKind.append(kindId(kind))
  batch.serviceName.append(serviceId)
  writeTypes(batch.spanAttributes)
  batch.spanAttributes.endRow()
  batch.statusCode.append(statusId(statusCode))
  batch.statusMessage.append(messageFrom, messageLength)
  writeResource()
  writeScope()
  batch.endRow()
}

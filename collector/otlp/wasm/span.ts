import { cutAttributes, readAttribute } from './attributes'
import { kindId, statusId } from './constants'
import { ABSENT, Id, MISSHAPEN } from './ids'
import { position, Reader, SPAN, skip } from './reader'
import {
  accept,
  batch,
  LINK_ID_INVALID,
  PARENT_SPAN_ID_INVALID,
  refuse,
  SPAN_ID_INVALID,
  TRACE_ID_INVALID,
  tenantId,
  timeProblem,
} from './request'
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

// The span in hand: places in the body, times.
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

/** Reads the span that ends at `end` into a row, or refuses it. */
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
    // In the order of how often they come.
    if (tag === 0x4a) {
      readAttribute(end, batch.attributes, attributes)
      attributes += 1
    } else if (tag === 0x0a) traceId = Id.read(end, 16)
    else if (tag === 0x12) spanId = Id.read(end, 8)
    else if (tag === 0x22) parentId = Id.read(end, 8)
    else if (tag === 0x2a) {
      const stop = Reader.length(end)
      name = position
      nameLength = <u32>(stop - name)
      Reader.moveTo(stop)
    } else if (tag === 0x30) kind = <u32>Reader.varint(end)
    else if (tag === 0x39) startNano = Reader.fixed64(end)
    else if (tag === 0x41) endNano = Reader.fixed64(end)
    else if (tag === 0x7a) readStatus(end)
    else if (tag === 0x5a) readEvent(end)
    else readRareField(tag, end)
  }
}

function readRareField(tag: u32, end: usize): void {
  if (tag === 0x1a) {
    const stop = Reader.length(end)
    state = position
    stateLength = <u32>(stop - state)
    Reader.moveTo(stop)
  } else if (tag === 0x50) dropped = <u32>Reader.varint(end)
  else if (tag === 0x6a) readLink(end)
  // Counts of dropped events and links have no column; nor have the flags, a fixed32 in field 16.
  else if (tag === 0x60 || tag === 0x70) Reader.varint(end)
  else skip(tag, end, tag === 0x85 ? 0 : 0x1fffe)
}

/** The reason to refuse the span, or -1. */
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
  batch.tenants.append(tenantId)
  store<u64>(batch.timestamps.at + (rows << 3), startNano)
  // 0 when a clock ran backwards or there is no end.
  store<u64>(batch.durations.at + (rows << 3), endNano > startNano ? endNano - startNano : 0)
  store<u32>(batch.dropped.at + (rows << 2), <u32>min(droppedAttributes, u32.MAX_VALUE))
  batch.traceIds.append(traceId)
  batch.spanIds.append(spanId)
  batch.parentIds.append(parentId)
  batch.traceStates.append(state, stateLength)
  nameHint = batch.names.intern(name, nameLength, nameHint)
  batch.names.append(nameHint)
  batch.kinds.append(kindId(kind))
  batch.services.append(serviceId)
  batch.attributes.endRow()
  batch.statuses.append(statusId(statusCode))
  batch.statusMessages.append(messageFrom, messageLength)
  writeResource()
  writeScope()
  batch.endRow()
}
